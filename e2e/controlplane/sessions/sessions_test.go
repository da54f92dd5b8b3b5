package sessions_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/sessions"
)

// asProgram is set in a process that does nothing but open the store: a bad environment ends it.
const asProgram = "OPEN_THE_STORE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	if _, err := sessions.Open(context.Background()); err != nil {
		klog.Exit(err)
	}
	klog.Flush()
}

// openStore opens the store in a process with this environment and returns what it logged.
func openStore(t *testing.T, environment ...string) (string, error) {
	t.Helper()
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.Env = append([]string{asProgram + "=yes"}, environment...)
	var log bytes.Buffer
	program.Stderr = &log
	err := program.Run()
	return log.String(), err
}

// The store is opened as the environment says.
func TestOpenStore(t *testing.T) {
	t.Parallel()
	open, locked := miniredis.RunT(t), miniredis.RunT(t)
	locked.RequireAuth("secret")
	for name, environment := range map[string][]string{
		"no password required":    {"REDIS_ADDR=" + open.Addr(), "REDIS_PASSWORD_REQUIRED=false"},
		"password":                {"REDIS_ADDR=" + locked.Addr(), "REDIS_PASSWORD=secret"},
		"valkey":                  {"STORE_TYPE=valkey", "VALKEY_ADDR=" + open.Addr(), "VALKEY_PASSWORD_REQUIRED=false", "VALKEY_DISABLE_CACHE=true"},
		"valkey with a password":  {"STORE_TYPE=Valkey", "VALKEY_ADDR=" + locked.Addr(), "VALKEY_PASSWORD=secret", "VALKEY_DISABLE_CACHE=true"},
		"variables of no meaning": {"REDIS_ADDR=" + open.Addr(), "REDIS_PASSWORD_REQUIRED=false", "REDIS_USER=nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, err := openStore(t, environment...)
			require.NoError(t, err, log)
			assert.Contains(t, log, "kv store Ping check successfully")
		})
	}
}

func TestProgramEndsWithoutItsStore(t *testing.T) {
	t.Parallel()
	open, locked := miniredis.RunT(t), miniredis.RunT(t)
	locked.RequireAuth("secret")
	for name, test := range map[string]struct {
		environment []string
		says        string
	}{
		"no address":              {nil, "missing env var REDIS_ADDR"},
		"no password":             {[]string{"REDIS_ADDR=" + open.Addr()}, "REDIS_PASSWORD is required"},
		"another password":        {[]string{"REDIS_ADDR=" + locked.Addr(), "REDIS_PASSWORD=wrong"}, "pinging the session store"},
		"an address with a path":  {[]string{"REDIS_ADDR=redis://" + open.Addr(), "REDIS_PASSWORD_REQUIRED=false"}, "pinging the session store"},
		"valkey without password": {[]string{"STORE_TYPE=valkey", "VALKEY_ADDR=" + open.Addr()}, "VALKEY_PASSWORD is required"},
		"another kind of store":   {[]string{"STORE_TYPE=etcd"}, "unsupported provider type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, err := openStore(t, test.environment...)
			require.Error(t, err)
			assert.Contains(t, log, test.says)
		})
	}
}

// lateStore answers from the second question on.
type lateStore struct {
	store.Store
	asked int
}

func (s *lateStore) Ping(context.Context) error {
	if s.asked++; s.asked == 1 {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func TestStoreIsAskedOnce(t *testing.T) {
	t.Parallel()
	late := &lateStore{}
	require.ErrorIs(t, sessions.Ping(t.Context(), late), os.ErrDeadlineExceeded)
	assert.Equal(t, 1, late.asked)
}

func TestOwnersAreKept(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireAuth("secret")
	for name, environment := range map[string]map[string]string{
		"redis":  {"REDIS_ADDR": server.Addr(), "REDIS_PASSWORD": "secret"},
		"valkey": {"STORE_TYPE": "valkey", "VALKEY_ADDR": server.Addr() + ",other:1", "VALKEY_PASSWORD": "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range environment {
				t.Setenv(variable, value)
			}
			owners := sessions.NewOwners()
			require.NoError(t, owners.Set(t.Context(), name, "alice", time.Now().Add(time.Hour)))
			owner, err := owners.Get(t.Context(), name)
			require.NoError(t, err)
			assert.Equal(t, "alice", owner)
			owner, err = owners.Get(t.Context(), "another")
			require.NoError(t, err)
			assert.Empty(t, owner)
			server.FastForward(2 * time.Hour)
			owner, err = owners.Get(t.Context(), name)
			require.NoError(t, err)
			assert.Empty(t, owner, "its session has expired")
		})
	}
}
