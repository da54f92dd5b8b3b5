package templatestests

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
)

// store is a Redis that answers each connection with the next of its answers, and the last one for
// ever.
type store struct {
	address string
	calls   atomic.Int32
	asked   atomic.Value // what the last connection has sent
}

func newStore(t *testing.T, listen string, answers ...string) *store {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", listen)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	s := &store{address: listener.Addr().String()}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			answer := answers[min(int(s.calls.Add(1)), len(answers))-1]
			s.serve(connection, answer)
		}
	}()
	return s
}

// serve answers when it is told to quit, because all commands have arrived by then.
func (s *store) serve(connection net.Conn, answer string) {
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	var asked []byte
	for part := make([]byte, 1024); !bytes.HasSuffix(asked, []byte("QUIT\r\n")); {
		n, err := connection.Read(part)
		if err != nil {
			return
		}
		asked = append(asked, part[:n]...)
	}
	s.asked.Store(string(asked))
	_, _ = connection.Write([]byte(answer))
}

// waiting returns the script of a container that waits in a Deployment's pod, with the variables that
// are given as text.
func waiting(t *testing.T, deployment, name string, documents ...string) string {
	t.Helper()
	c := container(t, get[*appsv1.Deployment](t, render(t, documents...), deployment).Spec.Template.Spec, name)
	variables := strings.Builder{}
	for _, variable := range c.Env {
		if variable.ValueFrom == nil {
			fmt.Fprintf(&variables, "export %s='%s'\n", variable.Name, variable.Value)
		}
	}
	return variables.String() + c.Command[2]
}

// Router and WorkloadManager ask their store once, and exit if it does not answer.
func TestWaitForStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []string
		calls   int32
	}{
		"it serves":              {[]string{"+PONG\r\n+OK\r\n"}, 1},
		"it loads its data":      {[]string{"", "+OK\r\n-LOADING Redis is loading the dataset in memory\r\n+OK\r\n", "+OK\r\n+PONG\r\n+OK\r\n"}, 3},
		"no password is needed":  {[]string{"-ERR AUTH <password> called without any password configured\r\n-LOADING Redis\r\n", "-ERR AUTH\r\n+PONG\r\n+OK\r\n"}, 2},
		"a replica on its own":   {[]string{"-MASTERDOWN Link with MASTER is down\r\n", "+PONG\r\n"}, 2},
		"a cluster that is down": {[]string{"-CLUSTERDOWN The cluster is down\r\n", "+PONG\r\n"}, 2},
		"a script that lasts":    {[]string{"-BUSY Redis is busy running a script\r\n", "+PONG\r\n"}, 2},
		"all connections taken":  {[]string{"-ERR max number of clients reached\r\n", "+PONG\r\n"}, 2},
		"a password is missing":  {[]string{"-NOAUTH Authentication required.\r\n+OK\r\n"}, 1},
		"another password":       {[]string{"-WRONGPASS invalid username-password pair\r\n-NOAUTH Authentication required.\r\n"}, 1},
		"something else than it": {[]string{"HTTP/1.1 400 Bad Request\r\n\r\n", "+PONG\r\n"}, 2},
		"another error":          {[]string{"-ERR unknown command\r\n"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, deployment := range []string{"agentcube-router", "workloadmanager"} {
				redis := newStore(t, "127.0.0.1:0", c.answers...)
				script := waiting(t, deployment, "wait-for-redis", plain)
				said, err := shell(t, script, map[string]string{"redis:6379": redis.address})
				require.NoError(t, err, said)
				assert.Equal(t, "waiting for the store at redis:6379\n", said)
				assert.Equal(t, c.calls, redis.calls.Load())
			}
		})
	}
}

func TestStoreIsAskedAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	const ping = "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n"
	const valkey = "router: {extraEnv: [{name: STORE_TYPE, value: Valkey}, {name: VALKEY_ADDR, value: 'away:1,valkey:6379'}, {name: VALKEY_PASSWORD, value: secret}]}"
	for name, c := range map[string]struct{ values, password, host, asked string }{
		"no password":          {"", "", "redis", ping},
		"a password":           {"redis: {password: x}", `a $1 "é`, "redis", "*2\r\n$4\r\nAUTH\r\n$8\r\na $1 \"é\r\n" + ping},
		"an address of theirs": {"router: {extraEnv: [{name: REDIS_ADDR, value: 'theirs:6379'}]}", "", "theirs", ping},
		"a Valkey":             {valkey, "", "valkey", "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n" + ping},
		"a proxy for the rest": {"router: {extraEnv: [{name: ALL_PROXY, value: 'http://proxy.invalid'}]}", "", "redis", ping},
		"embedded":             {"redis: {addr: '', embedded: {enabled: true}}", "", "agentcube-redis.agentcube.svc", ping},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := newStore(t, "127.0.0.1:0", "+PONG\r\n")
			script := waiting(t, "agentcube-router", "wait-for-redis", plain, c.values)
			if c.password != "" {
				script = "export REDIS_PASSWORD='" + c.password + "'\n" + script
			}
			said, err := shell(t, script, map[string]string{c.host + ":6379": redis.address, "away:1": nobody(t)})
			require.NoError(t, err, said)
			assert.Equal(t, c.asked, redis.asked.Load())
		})
	}
}

// needsIPv6 skips a test on a machine without it.
func needsIPv6(t *testing.T) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	_ = listener.Close()
}

func TestStoreMayHaveAnIPv6Address(t *testing.T) {
	t.Parallel()
	needsIPv6(t)
	redis := newStore(t, "[::1]:0", "+PONG\r\n")
	script := waiting(t, "agentcube-router", "wait-for-redis", "redis: {addr: '"+redis.address+"'}")
	said, err := shell(t, script, nil)
	require.NoError(t, err, said)
	assert.Equal(t, int32(1), redis.calls.Load())
}

// A program whose store does not serve says so itself.
func TestStoreDoesNotServe(t *testing.T) {
	t.Parallel()
	redis := newStore(t, "127.0.0.1:0", "-LOADING Redis\r\n+OK\r\n")
	script := waiting(t, "agentcube-router", "wait-for-redis", plain)
	said, err := shell(t, passingMinutes+script, map[string]string{"redis:6379": redis.address})
	require.NoError(t, err, said)
	assert.Contains(t, said, "the store does not serve (its last answer: -LOADING Redis  +OK  ): the program starts anyway. Check redis.addr, or the variable in extraEnv that replaces it\n")
}

// The wait for the store ends before the program starts.
func TestWaitForStoreEnds(t *testing.T) {
	t.Parallel()
	for deployment, names := range map[string][]string{
		"agentcube-router": {"wait-for-agent", "spiffe-helper", "wait-for-redis", "wait-for-workloadmanager"},
		"workloadmanager":  {"wait-for-agent", "spiffe-helper", "wait-for-redis"},
	} {
		spec := get[*appsv1.Deployment](t, render(t, spire, "redis: {password: x}"), deployment).Spec.Template.Spec
		var found []string
		for _, c := range spec.InitContainers {
			found = append(found, c.Name)
		}
		assert.Equal(t, names, found)
		wait := container(t, spec, "wait-for-redis")
		assert.Nil(t, wait.RestartPolicy)
		assert.Equal(t, spec.Containers[0].Env, wait.Env, "the environment of the program, with the password")
		assert.Empty(t, get[*appsv1.Deployment](t, render(t, plain, "{redis: {waitSeconds: 0}, router: {waitSeconds: 0}}"), deployment).Spec.Template.Spec.InitContainers)
	}
}

// A Router exits if its OIDC issuer does not answer while it starts.
func TestWaitForIssuer(t *testing.T) {
	t.Parallel()
	const jwt = `router: {jwt: {issuerUrl: "https://issuer:443/realms/agents/", roleClaim: roles, requiredRole: user}}`
	var asked []string
	issuer := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked = append(asked, r.URL.Path); len(asked) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	address := serving(t, issuer, &tls.Config{})
	// A WorkloadManager accepts at once
	script := "timeout() { :; }\n" + waiting(t, "agentcube-router", "wait-for-workloadmanager", plain, jwt)
	said, err := shell(t, script, map[string]string{"issuer:443": address})
	require.NoError(t, err, said)
	const configuration = "/realms/agents/.well-known/openid-configuration"
	assert.Equal(t, "waiting for https://issuer:443"+configuration+"\n", said)
	assert.Equal(t, []string{configuration, configuration, configuration}, asked)

	said, err = shell(t, passingMinutes+script, map[string]string{"issuer:443": nobody(t)})
	require.NoError(t, err, said)
	assert.Contains(t, said, "the issuer does not answer: the Router starts anyway. Its address is the value router.jwt.issuerUrl\n")
	assert.Contains(t, script, "curl --silent --fail --location --globoff --insecure ", "the Router verifies the certificate of its issuer, by what it knows")
}

// The Router waits for no issuer where it has none.
func TestNoIssuer(t *testing.T) {
	t.Parallel()
	assert.NotContains(t, waiting(t, "agentcube-router", "wait-for-workloadmanager", spire), "openid-configuration")
}

// Other variables than those of the store may be references of them, but the programs of another
// image are found elsewhere.
func TestWaitPrograms(t *testing.T) {
	t.Parallel()
	const extra = `extraEnv: [{name: PATH, value: /opt/agentcube}, {name: LD_PRELOAD, value: /a.so}, {name: HTTPS_PROXY, value: "http://proxy"}]`
	spec := get[*appsv1.Deployment](t, render(t, plain, "router: {jwt: {issuerUrl: 'https://issuer', roleClaim: roles, requiredRole: user}, "+extra+"}"), "agentcube-router").Spec.Template.Spec
	for _, name := range []string{"wait-for-redis", "wait-for-workloadmanager"} {
		var variables []string
		for _, variable := range container(t, spec, name).Env {
			variables = append(variables, variable.Name)
		}
		assert.Contains(t, variables, "HTTPS_PROXY", name)
		assert.NotContains(t, variables, "PATH", name)
		assert.NotContains(t, variables, "LD_PRELOAD", name)
	}
}

// A proxy to the store in the pod itself starts after the containers that wait.
func TestStoreInThePod(t *testing.T) {
	t.Parallel()
	said, err := shell(t, waiting(t, "workloadmanager", "wait-for-redis", "redis: {addr: 'localhost:6379'}"), map[string]string{})
	require.NoError(t, err, said)
	assert.Equal(t, "waiting for the store at localhost:6379\n", said)
}
