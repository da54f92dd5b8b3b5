package router

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/serve"
)

// authenticate asks callers for a bearer token of the issuer and, where one is
// required, a role: 401 without a good token, 403 without the role, 503 while
// the issuer cannot be reached. Without an issuer everybody may pass.
func authenticate(c JWTConfig, next http.Handler) http.Handler {
	if c.IssuerURL == "" {
		return next
	}
	issuer := &issuer{config: c}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, err := issuer.check(r)
		if err != nil {
			klog.Warningf("Refused %s %s from %s: %v", r.Method, r.URL.Path, r.RemoteAddr, err)
			serve.JSON(w, code, map[string]string{"error": strings.ToLower(http.StatusText(code))})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// issuer verifies tokens with keys found by OIDC discovery.
type issuer struct {
	config JWTConfig

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

// check returns the status to refuse the request with, and why.
func (i *issuer) check(r *http.Request) (int, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return http.StatusUnauthorized, errors.New("no bearer token")
	}
	verifier, err := i.discover()
	if err != nil {
		return http.StatusServiceUnavailable, err
	}
	verified, err := verifier.Verify(r.Context(), token)
	if err != nil {
		return http.StatusUnauthorized, fmt.Errorf("verifying token: %w", err)
	}
	if i.config.RequiredRole == "" {
		return 0, nil
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		return http.StatusUnauthorized, fmt.Errorf("reading claims: %w", err)
	}
	if !slices.Contains(roles(claims, i.config.RoleClaim), i.config.RequiredRole) {
		return http.StatusForbidden, fmt.Errorf("%q has no role %q in %q", verified.Subject, i.config.RequiredRole, i.config.RoleClaim)
	}
	return 0, nil
}

// discover asks the issuer for its keys once it is needed and until it answers,
// so that the Router does not depend on the issuer to start.
func (i *issuer) discover() (*oidc.IDTokenVerifier, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.verifier != nil {
		return i.verifier, nil
	}
	// The client, not a context, limits the time: the provider keeps its
	// context for fetching keys later on.
	ctx := oidc.ClientContext(context.Background(), &http.Client{Timeout: 10 * time.Second})
	provider, err := oidc.NewProvider(ctx, i.config.IssuerURL)
	if err != nil {
		return nil, fmt.Errorf("discovering %s: %w", i.config.IssuerURL, err)
	}
	i.verifier = provider.Verifier(&oidc.Config{ClientID: i.config.Audience, SkipClientIDCheck: i.config.Audience == ""})
	return i.verifier, nil
}

// roles are the strings at a claim: one, or a list. The claim is taken as it
// stands first, for names such as URLs have dots too, then as a path.
func roles(claims map[string]any, claim string) []string {
	value, ok := claims[claim]
	if !ok {
		value = claims
		for part := range strings.SplitSeq(claim, ".") {
			object, isObject := value.(map[string]any)
			if !isObject {
				return nil
			}
			value = object[part]
		}
	}
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var list []string
		for _, item := range value {
			if role, isString := item.(string); isString {
				list = append(list, role)
			}
		}
		return list
	default:
		return nil
	}
}
