package apiserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"agentcube-mtls/internal/components"
)

// program is a built program with a log.
type program struct {
	path string
	log  *os.File
}

// program builds a program of a component, unless that was done before, and wraps it.
func (s *Server) program(ctx context.Context, of components.Component, name string) (program, error) {
	programs, err := of.Build(ctx)
	if err != nil {
		return program{}, err
	}
	wrapped := filepath.Join(s.Dir, name)
	log, err := os.Create(wrapped + ".log")
	if err != nil {
		return program{}, err
	}
	return program{wrapped, log}, wrap(wrapped, filepath.Join(programs, name))
}

// wrapper runs a program. On Linux the kernel ends it when this process dies before it could stop
// it, as in a panic: envtest does not see to that. It is short-lived, so memory is cheaper than
// collecting garbage.
const wrapper = `#!/bin/sh
GOGC=400 exec $(setpriv --pdeathsig KILL true && echo setpriv --pdeathsig KILL) %q "$@"
`

func wrap(file, program string) error {
	return os.WriteFile(file, fmt.Appendf(nil, wrapper, program), 0o700)
}
