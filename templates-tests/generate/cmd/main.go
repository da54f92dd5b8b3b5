// Command cmd writes the generated files of the charts.
package main

import (
	"context"
	"fmt"
	"os"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/generate"
)

func main() {
	root := repo.Path()
	files, err := generate.All(context.Background(), root)
	if err != nil {
		fail(err)
	}
	if err := files.Write(root); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
