package e2e

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

// nobodyListens stands for a refusal that no program can log.
const nobodyListens = ""

// anyReason stands for a refusal whose reason the program may give in its own words.
const anyReason = ": "

// reasons are those for which a WorkloadManager refuses each attempt, by the client.
type reasons map[string]string

// withoutSPIRE are those of attempts that need nothing from SPIRE.
var withoutSPIRE = reasons{
	"plain HTTP to the plain port":    nobodyListens,
	"plain HTTP to the mTLS port":     "client sent an HTTP request to an HTTPS server",
	"TLS 1.2":                         "client offered only unsupported versions",
	"no certificate":                  "client didn't provide a certificate",
	"a self-signed certificate":       "certificate signed by unknown authority",
	"an SVID of another trust domain": "no X.509 bundle found for trust domain",
}

// certified are those of attempts with a certificate that this SPIRE has issued.
var certified = reasons{
	record.AnotherWorkload:                     "unexpected ID",
	"an expired SVID of the Router":            "certificate has expired",
	"the Router's certificate without its key": "invalid signature by the client certificate",
}

// checkedByCA are the reasons of an image that is not this project's: AgentCube's checks
// certificates by the CA alone.
func (r reasons) checkedByCA() reasons {
	by := maps.Clone(r)
	by["an SVID of another trust domain"] = "certificate signed by unknown authority"
	if _, tried := by[record.AnotherWorkload]; tried {
		by[record.AnotherWorkload] = anyReason
	}
	return by
}

var unauthorized = suite.Scenario{
	Name:        "unauthorized",
	Description: "The WorkloadManager rejects pods of several kinds that pretend to be the Router, and its log names them and the reason.",
	Values:      map[string]string{"spire.enabled": "true"},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		outside := namespace(ctx, t, "outside")
		looks := routerLabels(ctx, t, r)
		// Started first: once the unauthorized client below has its SVID, SPIRE has seen these too,
		// and has nothing for them.
		unregistered := map[string]*release.UnauthorizedClient{}
		for name, s := range map[string]struct {
			pod     metav1.ObjectMeta
			account string
		}{
			"the Router's labels and account in another namespace": {
				metav1.ObjectMeta{Namespace: outside, Name: "mimic", Labels: looks}, "agentcube-router"},
			"the Router's labels under another account of its namespace": {
				metav1.ObjectMeta{Namespace: r.Namespace, Name: "mimic", Labels: looks}, "default"},
			"nothing but the socket of the Workload API": {
				metav1.ObjectMeta{Namespace: outside, Name: "unregistered"}, "default"},
		} {
			client, err := r.UnauthorizedClient(ctx, s.pod, s.account)
			require.NoError(t, err, name)
			unregistered[name] = client
		}

		expected, err := r.Expected(ctx)
		require.NoError(t, err)
		// Issued by SPIRE to be used at once, and kept too long.
		expired, err := r.Server(ctx, "x509", "mint", "-spiffeID", expected.Router, "-ttl", "5s")
		require.NoError(t, err)
		stolen, err := r.RouterCertificate(ctx)
		require.NoError(t, err)
		refusals, err := r.UnauthorizedClients(ctx, "-expired", expired, "-replayed", stolen)
		require.NoError(t, err)
		all := maps.Clone(withoutSPIRE)
		maps.Copy(all, certified)
		t.Run("a registered pod under another account", func(t *testing.T) { requireRefused(ctx, t, r, refusals, all) })

		for name, client := range unregistered {
			t.Run(name, func(t *testing.T) {
				identity, err := client.Identity(ctx)
				require.NoError(t, err)
				assert.Empty(t, identity.ID, "SPIRE gave it an identity")
				assert.Contains(t, identity.Refusal, "no identity issued")
				requireLogged(ctx, t, r, "spire-agent", "No identity issued", "pod-uid:"+string(client.UID))
				refusals, err := client.Intrude(ctx)
				require.NoError(t, err)
				requireRefused(ctx, t, r, refusals, withoutSPIRE)
			})
		}
		_, err = r.Handshake(ctx)
		assert.NoError(t, err, "the Router itself is accepted as before")
	},
}

// requireRefused checks that there was every attempt, that none was let in, and that the
// WorkloadManager's log says so, naming the address it came from and the reason. This project's
// names the SPIFFE ID that it claimed, too.
func requireRefused(ctx context.Context, t *testing.T, r release.Release, refusals []record.Refusal, reasons reasons) {
	t.Helper()
	own := images.IsOwn("workloadmanager")
	if !own {
		reasons = reasons.checkedByCA()
	}
	if !r.RefusesOtherWorkloads(ctx) {
		delete(reasons, record.AnotherWorkload)
		refusals = slices.DeleteFunc(refusals, func(r record.Refusal) bool { return r.Client == record.AnotherWorkload })
	}
	var tried []string
	for _, refusal := range refusals {
		tried = append(tried, refusal.Client)
		if !assert.True(t, refusal.Refused, "%s was let in: %s", refusal.Client, refusal.How) {
			continue
		}
		if reasons[refusal.Client] == nobodyListens {
			assert.Empty(t, refusal.From, "%s found a program that listens", refusal.Client)
			continue
		}
		requireLogged(ctx, t, r, "workloadmanager", "TLS handshake error from "+refusal.From+": ", reasons[refusal.Client])
		if own && refusal.Claims != "" {
			requireLogged(ctx, t, r, "workloadmanager", "Refused connection from "+refusal.From+": certificate of "+refusal.Claims+": ", reasons[refusal.Client])
		}
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(reasons)), tried, "the attempts")
}

// requireLogged waits for a line, because a program refuses before it logs.
func requireLogged(ctx context.Context, t *testing.T, r release.Release, app string, parts ...string) {
	t.Helper()
	// With the test's own context: one that ended during a look at the log would hide which line is
	// missing.
	suite.Eventually(ctx, t, "a line in the log", func(context.Context) error { return r.Logged(ctx, app, parts...) })
}

// routerLabels returns the labels of the Router's pods, except the one by which their ReplicaSet
// would adopt an unauthorized client.
func routerLabels(ctx context.Context, t *testing.T, r release.Release) map[string]string {
	t.Helper()
	router, err := r.AppsV1().Deployments(r.Namespace).Get(ctx, "agentcube-router", metav1.GetOptions{})
	require.NoError(t, err)
	return router.Spec.Template.Labels
}

// namespace makes a namespace with a ServiceAccount of the Router's name for one test, and removes
// it when the test ends.
func namespace(ctx context.Context, t *testing.T, prefix string) string {
	t.Helper()
	made, err := suite.Env.Release.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix + "-"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	suite.Afterwards(t, func(ctx context.Context) {
		_ = suite.Env.Release.CoreV1().Namespaces().Delete(ctx, made.Name, metav1.DeleteOptions{})
	})
	_, err = suite.Env.Release.CoreV1().ServiceAccounts(made.Name).Create(ctx,
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "agentcube-router"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	return made.Name
}
