package sessions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Owners are the callers that sessions belong to.
type Owners struct{ client *redis.Client }

// NewOwners keeps them in the server that the session store is in, by the same environment. Valkey
// speaks Redis' protocol.
func NewOwners() *Owners {
	options := &redis.Options{Addr: os.Getenv("REDIS_ADDR"), Password: os.Getenv("REDIS_PASSWORD")}
	if strings.EqualFold(os.Getenv("STORE_TYPE"), "valkey") {
		first, _, _ := strings.Cut(os.Getenv("VALKEY_ADDR"), ",")
		options.Addr, options.Password = first, os.Getenv("VALKEY_PASSWORD")
	}
	return &Owners{redis.NewClient(options)}
}

// Set records the owner of a session until the session expires.
func (o *Owners) Set(ctx context.Context, session, owner string, expires time.Time) error {
	if err := o.client.Set(ctx, key(session), owner, time.Until(expires)).Err(); err != nil {
		return fmt.Errorf("storing the owner of session %s: %w", session, err)
	}
	return nil
}

// Get returns the owner of a session, "" where none is known.
func (o *Owners) Get(ctx context.Context, session string) (string, error) {
	owner, err := o.client.Get(ctx, key(session)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("reading the owner of session %s: %w", session, err)
	}
	return owner, nil
}

func key(session string) string { return "session-owner:" + session }
