package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/serve"
)

// issuer verifies the bearer tokens of callers.
type issuer struct {
	config   JWTConfig
	verifier *oidc.IDTokenVerifier
}

// discoveryTimeout is for one answer of the issuer.
const discoveryTimeout = 10 * time.Second

// discover asks the issuer once where its keys are, without a retry. It returns nil where no issuer
// is configured.
func discover(ctx context.Context, c JWTConfig) (*issuer, error) {
	if c.IssuerURL == "" {
		return nil, nil
	}
	// The client limits the time, since the provider keeps the context for fetching keys later on.
	client := oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: discoveryTimeout})
	provider, err := oidc.NewProvider(client, c.IssuerURL)
	if err != nil {
		return nil, fmt.Errorf("asking the OIDC issuer %s for its keys: %w", c.IssuerURL, err)
	}
	klog.Infof("External authentication enabled: issuer=%s", c.IssuerURL)
	audience := cmp.Or(c.Audience, defaultAudience)
	return &issuer{c, provider.Verifier(&oidc.Config{ClientID: audience})}, nil
}

// authenticate asks callers for a bearer token of the issuer and for the required role: 401 without
// a good token, 403 without the role. Without an issuer everybody may pass.
func (i *issuer) authenticate(next http.Handler) http.Handler {
	if i == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, code, err := i.check(r)
		if err != nil {
			klog.Warningf("Refused %s %s from %s: %v", r.Method, r.URL.Path, r.RemoteAddr, err)
			serve.JSON(w, code, map[string]string{"error": strings.ToLower(http.StatusText(code))})
			return
		}
		next.ServeHTTP(w, r.WithContext(withCaller(r.Context(), caller)))
	})
}

// check returns who calls, or the status to refuse the request with, and why.
func (i *issuer) check(r *http.Request) (caller, int, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return caller{}, http.StatusUnauthorized, errors.New("no bearer token")
	}
	verified, err := i.verifier.Verify(r.Context(), token)
	if err != nil {
		return caller{}, http.StatusUnauthorized, fmt.Errorf("verifying token: %w", err)
	}
	if verified.Subject == "" {
		return caller{}, http.StatusUnauthorized, errors.New("the token names no subject")
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		return caller{}, http.StatusUnauthorized, fmt.Errorf("reading claims: %w", err)
	}
	who := caller{verified.Subject, roles(claims, i.config.RoleClaim)}
	if !slices.Contains(who.roles, i.config.RequiredRole) {
		return caller{}, http.StatusForbidden, fmt.Errorf("%q has no role %q in %q", who.subject, i.config.RequiredRole, i.config.RoleClaim)
	}
	return who, 0, nil
}

// roles are the strings at a claim: one, or a list. The claim is taken as it stands first, for names
// such as URLs have dots too, then as a path.
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
