package router

import (
	"context"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// adminRole passes the check of owners.
const adminRole = "admin"

// owners are the callers that sessions belong to, as the WorkloadManager has recorded them.
type owners interface {
	Get(ctx context.Context, session string) (string, error)
}

// caller is whom a verified token names.
type caller struct {
	subject string
	roles   []string
}

type callerKey struct{}

func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// callerOf returns the caller of a request, false where no issuer is configured.
func callerOf(ctx context.Context) (caller, bool) {
	c, ok := ctx.Value(callerKey{}).(caller)
	return c, ok
}

// allow returns an API status of 403 unless the session belongs to the caller. A session without an
// owner, which is older than the issuer, belongs to nobody.
func (s *Server) allow(ctx context.Context, session string) error {
	caller, identified := callerOf(ctx)
	if !identified || slices.Contains(caller.roles, adminRole) {
		return nil
	}
	owner, err := s.owners.Get(ctx, session)
	if err != nil {
		return err
	}
	if owner != caller.subject {
		return apierrors.NewForbidden(schema.GroupResource{Group: "agentcube.volcano.sh", Resource: "sessions"}, session,
			errors.New("it belongs to another caller"))
	}
	return nil
}
