package mix

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Check reads an answer to its end, and returns an error if it is cut off or is not the one that
// was asked for.
func (k Kind) Check(answer io.Reader) error {
	if k.Answer != nil {
		return compare(answer, k.Answer())
	}
	body, err := io.ReadAll(answer)
	if err != nil {
		return err
	}
	if !strings.Contains(string(body), k.Says) {
		return fmt.Errorf("the answer does not say %q: %.200s", k.Says, body)
	}
	return nil
}

func compare(got, want io.Reader) error {
	same := &prefix{want: want}
	if _, err := io.Copy(same, got); err != nil {
		return fmt.Errorf("after %d bytes: %w", same.length, err)
	}
	if missing, _ := io.Copy(io.Discard, want); missing > 0 {
		return fmt.Errorf("the answer ends after %d bytes, %d are missing", same.length, missing)
	}
	return nil
}

// prefix accepts the bytes that it wants, and no others.
type prefix struct {
	want   io.Reader
	length int
}

func (p *prefix) Write(got []byte) (int, error) {
	want := make([]byte, len(got))
	known, _ := io.ReadFull(p.want, want) // fewer at the end
	for n := range got {
		if n == known {
			return n, errors.New("the answer goes on after its end")
		}
		if got[n] != want[n] {
			return n, errors.New("the next byte is wrong")
		}
		p.length++
	}
	return len(got), nil
}
