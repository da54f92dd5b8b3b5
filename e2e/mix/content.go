package mix

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// Content returns so many bytes that look random, always the same ones.
func Content(length int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{}), length) }

func digest(content io.Reader) string {
	sum := sha256.New()
	_, _ = io.Copy(sum, content) // what is cut off has another digest
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// waited is what an answer says that took so many seconds.
func waited(seconds int) string { return fmt.Sprintf("answered after %d s\n", seconds) }

// event is one of a stream of server-sent events.
func event(n int) string { return fmt.Sprintf("id: %d\ndata: %s\n\n", n, digest(Content(int64(n)))) }

// stream returns so many events.
func stream(count int) io.Reader {
	var all strings.Builder
	for n := range count {
		all.WriteString(event(n))
	}
	return strings.NewReader(all.String())
}
