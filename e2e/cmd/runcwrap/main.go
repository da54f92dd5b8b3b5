// Command runcwrap is an OCI runtime that takes CAP_SYS_RESOURCE out of what it is asked to grant
// and hands over to runc.
//
// A process tree may lack that capability (containers in some virtual machines and CI systems do).
// Docker asks for every capability when it starts a privileged container, as kind's nodes are, and
// runc then stops with "unable to apply caps: operation not permitted". Nothing in a kind node
// needs the capability, so it is dropped from the request instead.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const missing = "CAP_SYS_RESOURCE"

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "runcwrap:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if path, process := requestFile(args[1:]); path != "" {
		if err := dropCapability(path, process); err != nil {
			return err
		}
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return fmt.Errorf("looking for runc: %w", err)
	}
	return syscall.Exec(runc, args, os.Environ())
}

// requestFile returns the file that holds the capabilities asked for, or "" where the command asks
// for none. process is true where the file is a process of its own (exec) instead of a whole
// config.json (create, run, restore).
func requestFile(args []string) (path string, process bool) {
	switch {
	case slices.Contains(args, "create"), slices.Contains(args, "run"), slices.Contains(args, "restore"):
		bundle := flagValue(args, "bundle", "b")
		if bundle == "" {
			bundle = "."
		}
		return filepath.Join(bundle, "config.json"), false
	case slices.Contains(args, "exec"):
		return flagValue(args, "process", "p"), true
	}
	return "", false
}

// flagValue finds the value of a flag in the forms that runc's callers use: --name value and
// --name=value.
func flagValue(args []string, names ...string) string {
	for i, arg := range args {
		for _, name := range names {
			for _, dashed := range []string{"-" + name, "--" + name} {
				if value, ok := strings.CutPrefix(arg, dashed+"="); ok {
					return value
				}
				if arg == dashed && i+1 < len(args) {
					return args[i+1]
				}
			}
		}
	}
	return ""
}

func dropCapability(path string, process bool) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the runtime request: %w", err)
	}
	// Numbers stay as they are written: a limit near 2^63 does not survive a float64.
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var request map[string]any
	if err := decoder.Decode(&request); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	holder := request
	if !process {
		holder, _ = request["process"].(map[string]any)
	}
	sets, _ := holder["capabilities"].(map[string]any)
	for name, set := range sets {
		capabilities, _ := set.([]any)
		sets[name] = slices.DeleteFunc(capabilities, func(c any) bool { return c == missing })
	}
	if data, err = json.Marshal(request); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.WriteFile(path, data, 0o600)
}
