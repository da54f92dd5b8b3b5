package router

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"agentcube-mtls/e2e/controlplane/mtls"
)

// Config is what the command line and the environment say.
type Config struct {
	Port                  string
	Debug                 bool
	MaxConcurrentRequests int // of invocations; 0 is 1000

	EnableTLS       bool // of the Router's own listener
	TLSCert, TLSKey string

	MTLS mtls.Files // client side toward the WorkloadManager; empty is plain HTTP
	JWT  JWTConfig

	WorkloadManagerURL string
	Namespace          string // where Router, WorkloadManager and the identity Secret are
	TrustDomain        string
	DialTimeout        time.Duration // for the connection to a sandbox that precedes each request
}

// JWTConfig says which bearer tokens callers must bring. An empty IssuerURL lets everybody in.
type JWTConfig struct {
	IssuerURL    string // OIDC issuer; its keys are found by discovery
	Audience     string // required in "aud"
	RoleClaim    string // claim that lists roles; dots lead into objects
	RequiredRole string
}

const defaultAudience = "agentcube-api"

const defaultDialTimeout = 200 * time.Millisecond

// BindFlags registers the Router's flags and returns the configuration that they fill when they are
// parsed.
func BindFlags(fs *flag.FlagSet) *Config {
	c := &Config{}
	fs.StringVar(&c.Port, "port", "8080", "port to listen on")
	fs.BoolVar(&c.Debug, "debug", false, "log every forwarded request")
	fs.IntVar(&c.MaxConcurrentRequests, "max-concurrent-requests", 1000, "invocations served at once (0 = 1000)")
	fs.BoolVar(&c.EnableTLS, "enable-tls", false, "serve HTTPS")
	fs.StringVar(&c.TLSCert, "tls-cert", "", "certificate file of the listener")
	fs.StringVar(&c.TLSKey, "tls-key", "", "key file of the listener")
	fs.StringVar(&c.MTLS.Cert, "mtls-cert", "", "X509-SVID file to present to the WorkloadManager")
	fs.StringVar(&c.MTLS.Key, "mtls-key", "", "key file of the X509-SVID")
	fs.StringVar(&c.MTLS.CA, "mtls-ca", "", "CA file that the WorkloadManager must chain to")
	fs.StringVar(&c.JWT.IssuerURL, "jwt-issuer-url", "", "OIDC issuer of callers' bearer tokens (empty = no tokens asked for)")
	fs.StringVar(&c.JWT.Audience, "jwt-audience", defaultAudience, "audience that tokens must have")
	fs.StringVar(&c.JWT.RoleClaim, "jwt-role-claim", "", "claim that lists the caller's roles, dots lead into objects")
	fs.StringVar(&c.JWT.RequiredRole, "jwt-required-role", "", "role that callers must have")
	return c
}

// Complete adds the environment and fails where settings do not go together.
func (c *Config) Complete() error {
	c.WorkloadManagerURL = os.Getenv("WORKLOAD_MANAGER_URL")
	c.Namespace = cmp.Or(os.Getenv("AGENTCUBE_NAMESPACE"), "default")
	c.TrustDomain = cmp.Or(os.Getenv("AGENTCUBE_SPIFFE_TRUST_DOMAIN"), "cluster.local")

	var err error
	// The stand-in's own: where many share few processors, AgentCube's limit says more of the machine
	// than of the chart.
	if c.DialTimeout, err = dialTimeout(os.Getenv("STAND_IN_DIAL_TIMEOUT")); err != nil {
		return err
	}
	if c.WorkloadManagerURL == "" {
		return errors.New("environment variable WORKLOAD_MANAGER_URL is not set")
	}
	if _, err := url.Parse(c.WorkloadManagerURL); err != nil {
		return fmt.Errorf("environment variable WORKLOAD_MANAGER_URL: %w", err)
	}
	if _, err := c.secure(); err != nil {
		return err
	}
	if hasFiles := c.TLSCert != "" && c.TLSKey != ""; c.EnableTLS != hasFiles || (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--enable-tls, --tls-cert and --tls-key go together: set all of them or none")
	}
	return c.JWT.complete()
}

// complete allows an audience without an issuer: it has a default.
func (c JWTConfig) complete() error {
	if c.IssuerURL != "" && (c.RoleClaim == "" || c.RequiredRole == "") {
		return errors.New("--jwt-issuer-url needs --jwt-role-claim and --jwt-required-role")
	}
	if c.IssuerURL == "" && c.RequiredRole != "" {
		return errors.New("--jwt-required-role needs --jwt-issuer-url: without it no token is asked for")
	}
	return nil
}

func dialTimeout(text string) (time.Duration, error) {
	if text == "" {
		return defaultDialTimeout, nil
	}
	timeout, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("environment variable STAND_IN_DIAL_TIMEOUT: %w", err)
	}
	if timeout <= 0 { // a dialer would take it for no limit
		return 0, fmt.Errorf("environment variable STAND_IN_DIAL_TIMEOUT is %q: give more than nothing", text)
	}
	return timeout, nil
}

// secure reports whether the Router speaks mTLS to the WorkloadManager.
func (c *Config) secure() (bool, error) {
	return c.MTLS.Complete("--mtls-cert", "--mtls-key", "--mtls-ca")
}

// serverID is the only SPIFFE ID that the Router takes for the WorkloadManager.
func (c *Config) serverID() (spiffeid.ID, error) {
	td, err := spiffeid.TrustDomainFromString(c.TrustDomain)
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("environment variable AGENTCUBE_SPIFFE_TRUST_DOMAIN: %w", err)
	}
	return spiffeid.FromSegments(td, "ns", c.Namespace, "sa", "workloadmanager")
}
