package workloadmanager

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const runtimesPath = "/apis/runtime.agentcube.volcano.sh/v1alpha1"

// apiServer is as much of an API server as the informers need: lists, and watches in which
// nothing happens.
type apiServer struct {
	requests atomic.Int32  // of runtimes
	asked    sync.Map      // requests, each as its method and path
	hold     chan struct{} // lists are answered once it is closed
	refused  string        // path of what may not be listed
	ended    chan struct{} // is closed with the server
}

// newAPIServer serves until the test ends, with one AgentRuntime and one CodeInterpreter that has a
// warm pool.
func newAPIServer(t testing.TB) (*apiServer, *rest.Config) {
	t.Helper()
	s := &apiServer{hold: make(chan struct{}), ended: make(chan struct{})}
	mux := http.NewServeMux()
	kind := func(kind string) metav1.TypeMeta {
		return metav1.TypeMeta{Kind: kind, APIVersion: runtimev1alpha1.GroupVersion.String()}
	}
	runtime, interpreter := agentRuntime(), warmInterpreter(1, runtimev1alpha1.AuthModeNone)
	runtime.TypeMeta, interpreter.TypeMeta = kind("AgentRuntime"), kind("CodeInterpreter")
	mux.HandleFunc("GET "+runtimesPath+"/agentruntimes", s.list(t, runtimev1alpha1.AgentRuntimeList{
		TypeMeta: kind("AgentRuntimeList"), ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []runtimev1alpha1.AgentRuntime{*runtime},
	}))
	mux.HandleFunc("GET /api/v1/pods", s.list(t, corev1.PodList{
		TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.Pod{},
	}))
	mux.HandleFunc("GET "+runtimesPath+"/codeinterpreters", s.list(t, runtimev1alpha1.CodeInterpreterList{
		TypeMeta: kind("CodeInterpreterList"), ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []runtimev1alpha1.CodeInterpreter{*interpreter},
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Store(r.Method+" "+r.URL.Path, nil)
		if strings.HasPrefix(r.URL.Path, runtimesPath) {
			s.requests.Add(1)
		}
		if r.URL.Path == s.refused {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		close(s.ended)
		server.Close()
	})
	return s, &rest.Config{Host: server.URL}
}

// list answers a list, and a watch never. A watch that is to begin with a list is refused, as by an
// API server that knows none.
func (s *apiServer) list(t testing.TB, list any) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case query.Get("sendInitialEvents") != "":
			w.WriteHeader(http.StatusUnprocessableEntity)
			answer(t, w, metav1.Status{
				TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Reason: metav1.StatusReasonInvalid, Code: http.StatusUnprocessableEntity,
			})
		case query.Get("watch") != "":
			_ = http.NewResponseController(w).Flush()
			select {
			case <-s.ended:
			case <-r.Context().Done():
			}
		default:
			select {
			case <-s.hold:
				answer(t, w, list)
			case <-s.ended:
			case <-r.Context().Done():
			}
		}
	}
}

func answer(t testing.TB, w http.ResponseWriter, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// requireAsked waits for a request, given as its method and path.
func (s *apiServer) requireAsked(t *testing.T, request string) {
	t.Helper()
	require.Eventually(t, func() bool { _, asked := s.asked.Load(request); return asked }, time.Minute, time.Millisecond, request)
}
