package workloadmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

type tokenKey struct{}

// onBehalf returns the client that creates and deletes for a request: with authentication it has the
// caller's token, whose rights decide, else the WorkloadManager's own.
func (s *Server) onBehalf(ctx context.Context) (client.Client, error) {
	token, ok := ctx.Value(tokenKey{}).(string)
	if !ok {
		return s.cluster, nil
	}
	caller, err := s.cluster.As(token)
	if err != nil {
		return nil, fmt.Errorf("making a client with the caller's token: %w", err)
	}
	return caller, nil
}

// authenticated lets only callers through that bring a ServiceAccount token which the API server
// knows.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			refuse(w, http.StatusUnauthorized, "missing bearer token")
			return
		}
		if err := s.review(r.Context(), token); err != nil {
			klog.Warningf("Refused %s %s from %s: %v", r.Method, r.URL.Path, r.RemoteAddr, err)
			refuse(w, http.StatusUnauthorized, "invalid or expired token")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey{}, token)))
	})
}

// review fails where the API server does not know the token, or knows it as somebody who is no
// ServiceAccount.
func (s *Server) review(ctx context.Context, token string) error {
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
	if err := s.cluster.Create(ctx, review); err != nil {
		return fmt.Errorf("reviewing token: %w", err)
	}
	if !review.Status.Authenticated {
		return errors.New("token is not authenticated")
	}
	if user := review.Status.User.Username; !strings.HasPrefix(user, "system:serviceaccount:") {
		return fmt.Errorf("%q is no ServiceAccount", user)
	}
	return nil
}
