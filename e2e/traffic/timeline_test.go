package traffic_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/traffic"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func example() *traffic.Timeline {
	t := &traffic.Timeline{
		Title:      "a <release> under load",
		Actions:    []record.Event{{At: after(1), What: "helm upgrade"}, {At: after(1.5), What: "pod killed"}},
		Restarts:   []record.Event{{At: after(3), What: "router-1/spiffe-helper"}},
		Pods:       []traffic.Pod{{Name: "router-1", Seen: noon, Ready: after(2), Gone: after(9)}, {Name: "router-2", Seen: after(4)}},
		Handshakes: []record.Event{{At: after(6), What: "certificate has expired"}},
		Certificates: []record.Certificate{
			{Since: after(2), SVID: record.SVID{ID: "spiffe://td/ns/a/sa/workloadmanager", Serial: "17", Expires: after(62)}},
		},
	}
	for n := range 100 {
		t.Requests = append(t.Requests, record.Request{Sent: after(float64(n) / 10), Status: 404})
	}
	t.Requests[50] = record.Request{Sent: after(5), Failure: "connection <refused>"}
	return t
}

// A timeline that has seen no Router that was ready shows nothing.
func TestWatched(t *testing.T) {
	t.Parallel()
	require.NoError(t, (&traffic.Timeline{Pods: []traffic.Pod{{Name: "workloadmanager-a"}, {Name: "agentcube-router-a", Ready: after(0)}}}).Watched())
	for _, pods := range [][]traffic.Pod{nil, {{Name: "workloadmanager-a", Ready: after(0)}}, {{Name: "agentcube-router-a"}}} {
		require.ErrorContains(t, (&traffic.Timeline{Pods: pods}).Watched(), "no Router was seen")
	}
}

// A timeline is kept as JSON that reads back the same.
func TestTimelineJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	written := example()
	_, err := written.Write(dir, "enable")
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(dir, "enable.json"))
	require.NoError(t, err)
	read := &traffic.Timeline{}
	require.NoError(t, json.Unmarshal(data, read))
	assert.Equal(t, written, read)
}

// The picture is well formed and names every pod, action and failure.
func TestPicture(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, err := example().Write(dir, "enable")
	require.NoError(t, err)
	picture, err := os.ReadFile(path)
	require.NoError(t, err)
	var text strings.Builder
	for decoder := xml.NewDecoder(strings.NewReader(string(picture))); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "%s", picture)
		if chars, ok := token.(xml.CharData); ok {
			text.Write(chars)
			text.WriteByte('\n')
		}
	}
	for _, expected := range []string{
		"a <release> under load", "100 requests, 1 failed, 1 restarts, 10s", "router-1", "router-2", "helm upgrade", "pod killed",
		"5s: 9 served, 1 failed connection <refused>", "restarted: router-1/spiffe-helper", "workloadmanager certificates", "serial 17", "failed handshakes", "certificate has expired",
	} {
		assert.Contains(t, text.String(), expected)
	}
}

// A timeline of nothing is still a picture.
func TestEmptyPicture(t *testing.T) {
	t.Parallel()
	picture, err := (&traffic.Timeline{Title: "nothing"}).SVG()
	require.NoError(t, err)
	assert.Contains(t, string(picture), "0 requests, 0 failed")
}
