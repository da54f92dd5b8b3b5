package workloadmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/klog/v2"
)

// authenticated lets only callers through that bring a ServiceAccount token
// which the API server knows.
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
		next.ServeHTTP(w, r)
	})
}

// review fails where the API server does not know the token, or knows it as
// somebody who is no ServiceAccount.
func (s *Server) review(ctx context.Context, token string) error {
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
	if err := s.client.Create(ctx, review); err != nil {
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
