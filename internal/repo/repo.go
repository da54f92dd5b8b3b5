// Package repo finds the files of this repository, wherever a command or a test was started.
package repo

import (
	"os"
	"path/filepath"
	"runtime"
)

// root is where go.mod stands, two folders above this file. Sources are always at hand: the harness
// is run from a checkout.
var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}()

// Path returns the absolute path of a file of the repository, named by the elements of its path
// from the root.
func Path(elements ...string) string {
	return filepath.Join(append([]string{root}, elements...)...)
}

// Cache returns a folder for what is built once and kept between runs and checkouts, made if it is
// not there: $XDG_CACHE_HOME/agentcube-mtls, by default ~/.cache/agentcube-mtls.
func Cache(elements ...string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(append([]string{base, "agentcube-mtls"}, elements...)...)
	return dir, os.MkdirAll(dir, 0o755)
}
