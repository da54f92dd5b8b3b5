package workloadmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"agentcube-mtls/e2e/controlplane/internal/wire"
)

// owners are the callers that sessions belong to, for the Router to check.
type owners interface {
	Set(ctx context.Context, session, owner string, expires time.Time) error
}

// owner is whom the Router says that it calls for, "" where the Router knows nobody. It fails where
// the header was not signed by the Router.
func (s *Server) owner(r *http.Request) (string, error) {
	header := r.Header.Get(wire.UserIdentity)
	if header == "" {
		return "", nil
	}
	pem, err := s.knownRouterKey()
	if err != nil {
		return "", err
	}
	key, err := jwt.ParseRSAPublicKeyFromPEM([]byte(pem))
	if err != nil {
		return "", fmt.Errorf("parsing the Router's key: %w", err)
	}
	identity, err := jwt.Parse(header, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired())
	if err != nil {
		return "", fmt.Errorf("verifying %s: %w", wire.UserIdentity, err)
	}
	subject, err := identity.Claims.GetSubject()
	if err != nil {
		return "", fmt.Errorf("reading the subject of %s: %w", wire.UserIdentity, err)
	}
	if subject == "" { // such as in the tokens for sandboxes, which the same key signs
		return "", errors.New(wire.UserIdentity + " names no subject")
	}
	return subject, nil
}
