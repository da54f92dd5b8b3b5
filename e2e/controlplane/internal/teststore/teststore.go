// Package teststore gives the tests of a package AgentCube's own session store
// over a Redis that lives in the test's process.
package teststore

import (
	"os"
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// Main runs the tests with the store's environment in place: a TestMain calls
// it. The store is one for the whole process, so the tests share it.
func Main(m *testing.M) {
	redis, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{"REDIS_ADDR": redis.Addr(), "REDIS_PASSWORD_REQUIRED": "false"} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	redis.Close()
	os.Exit(code)
}
