package traffic_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/traffic"
)

// steady returns a timeline of ten minutes, with one request of either usual kind a second, served
// in 10 ms.
func steady() *traffic.Timeline {
	t := &traffic.Timeline{}
	for n := range 600 {
		for _, kind := range mix.Usual() {
			t.Requests = append(t.Requests, record.Request{Kind: kind.Name, Number: n, Sent: after(float64(n)), Took: 10 * time.Millisecond})
		}
	}
	return t
}

// fail fails the requests of one kind that are sent in some seconds.
func fail(kind string, from, to int) func(*traffic.Timeline) {
	return func(t *traffic.Timeline) {
		for n := range t.Requests {
			if r := &t.Requests[n]; r.Kind == kind && from <= r.Number && r.Number < to {
				r.Failure = "refused"
			}
		}
	}
}

// handshake fails one in a second.
func handshake(second float64) func(*traffic.Timeline) {
	return func(t *traffic.Timeline) {
		t.Handshakes = append(t.Handshakes, record.Event{At: after(second), What: "expired"})
	}
}

// hold has requests of one kind wait, until a second, instead of failing.
func hold(kind string, from, to int) func(*traffic.Timeline) {
	return func(t *traffic.Timeline) {
		for n := range t.Requests {
			if r := &t.Requests[n]; r.Kind == kind && from <= r.Number && r.Number < to {
				r.Took = after(float64(to)).Sub(r.Sent)
			}
		}
	}
}

// lose adds a request of a kind that is sent in a second and lost.
func lose(kind string, second float64) func(*traffic.Timeline) {
	return func(t *traffic.Timeline) {
		t.Requests = append(t.Requests, record.Request{Kind: kind, Sent: after(second), Failure: "cut off"})
	}
}

// fault lasts from second 100 to 110, and requests are served again in second 120.
func fault(spared traffic.Spared) []traffic.Interval {
	return []traffic.Interval{{Name: "fault", Injected: after(99.5), Recovered: after(109.5), Ended: after(119.5), Spared: spared}}
}

func TestJudgeVerdict(t *testing.T) {
	t.Parallel()
	everything := traffic.Spared{Calls: true, Sessions: true, Handshakes: true}
	for name, c := range map[string]struct {
		spared traffic.Spared
		damage []func(*traffic.Timeline)
		fails  []string // beginnings of the violations; none: it must pass
	}{
		"nothing lost":                   {spared: everything},
		"call lost, spared":              {everything, []func(*traffic.Timeline){fail(mix.Calls, 100, 102)}, []string{"2 calls were lost"}},
		"call lost, not spared":          {traffic.Spared{Sessions: true, Handshakes: true}, []func(*traffic.Timeline){fail(mix.Calls, 100, 102)}, nil},
		"session lost, spared":           {everything, []func(*traffic.Timeline){fail(mix.InSessions, 100, 101)}, []string{"1 in sessions were lost"}},
		"session lost, not spared":       {traffic.Spared{Calls: true, Handshakes: true}, []func(*traffic.Timeline){fail(mix.InSessions, 100, 101)}, nil},
		"lost after recovery":            {traffic.Spared{}, []func(*traffic.Timeline){fail(mix.Calls, 110, 113)}, []string{"3 requests were lost that were sent after the release recovered"}},
		"one lost after recovery":        {traffic.Spared{}, []func(*traffic.Timeline){fail(mix.Calls, 110, 111)}, []string{"1 requests were lost that were sent after the release recovered"}},
		"lost at the recovery":           {traffic.Spared{}, []func(*traffic.Timeline){lose(mix.Calls, 109.5)}, []string{"1 requests were lost that were sent after the release recovered"}},
		"handshake failed, spared":       {everything, []func(*traffic.Timeline){handshake(105)}, []string{"1 handshakes failed"}},
		"handshake failed, not spared":   {traffic.Spared{Calls: true}, []func(*traffic.Timeline){handshake(105)}, nil},
		"half lost in turns":             {traffic.Spared{Others: true}, []func(*traffic.Timeline){fail(mix.Calls, 101, 104), fail(mix.Calls, 105, 108)}, nil},
		"just half lost":                 {traffic.Spared{Others: true}, []func(*traffic.Timeline){fail(mix.Calls, 101, 104), fail(mix.Calls, 105, 108), fail(mix.InSessions, 101, 103), fail(mix.InSessions, 105, 107)}, nil},
		"one more than half lost":        {traffic.Spared{Others: true}, []func(*traffic.Timeline){fail(mix.Calls, 101, 104), fail(mix.Calls, 105, 108), fail(mix.InSessions, 101, 103), fail(mix.InSessions, 105, 107), fail(mix.InSessions, 108, 109)}, []string{"more than half were lost: 11 of 20"}},
		"silent for half of the time":    {traffic.Spared{Others: true}, []func(*traffic.Timeline){fail(mix.InSessions, 101, 105)}, []string{"no request of one kind was answered for 50 % of the recovery"}},
		"silent before it":               {traffic.Spared{Others: true}, []func(*traffic.Timeline){hold(mix.InSessions, 80, 99)}, nil},
		"silent after it":                {traffic.Spared{Others: true}, []func(*traffic.Timeline){hold(mix.InSessions, 110, 130)}, nil},
		"more than half lost":            {traffic.Spared{Others: true}, []func(*traffic.Timeline){fail(mix.Calls, 100, 103), fail(mix.Calls, 104, 107), fail(mix.Calls, 108, 110), fail(mix.InSessions, 100, 102), fail(mix.InSessions, 107, 109)}, []string{"more than half were lost: 12 of 20"}},
		"one kind silent":                {traffic.Spared{Others: true}, []func(*traffic.Timeline){fail(mix.InSessions, 101, 107)}, []string{"no request of one kind was answered for 70 % of the recovery"}},
		"one kind waits, nobody else":    {traffic.Spared{Calls: true, Sessions: true, Others: true}, []func(*traffic.Timeline){hold(mix.Calls, 100, 109)}, []string{"no request of one kind was answered for 95 % of the recovery"}},
		"one kind waits, may do so":      {everything, []func(*traffic.Timeline){hold(mix.Calls, 100, 109)}, nil},
		"everything at once":             {traffic.Spared{Calls: true, Sessions: true, Handshakes: true, Others: true}, []func(*traffic.Timeline){fail(mix.Calls, 100, 111), fail(mix.InSessions, 100, 111), handshake(101)}, []string{"11 calls", "11 in sessions", "2 requests were lost that were sent after", "1 handshakes", "more than half", "no request of one kind was answered for 100 %"}},
		"no request during the recovery": {traffic.Spared{}, []func(*traffic.Timeline){func(t *traffic.Timeline) { t.Requests = t.Requests[:20] }}, []string{"no request was sent"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeline := steady()
			for _, damage := range c.damage {
				damage(timeline)
			}
			judged := traffic.Judge(timeline, fault(c.spared))
			assert.Empty(t, judged.Requests, "failures outside of the fault")
			assert.Empty(t, judged.Handshakes, "failed handshakes outside of the fault")
			require.Len(t, judged.Verdicts, 1)
			violations := judged.Verdicts[0].Violations
			require.Len(t, violations, len(c.fails), "%q", violations)
			for n, begins := range c.fails {
				assert.Contains(t, violations[n], begins)
			}
		})
	}
}

func TestJudgeAttribution(t *testing.T) {
	t.Parallel()
	timeline := steady()
	timeline.Handshakes = []record.Event{{At: after(99)}, {At: after(105)}, {At: after(205)}}
	lost := func(second float64, took time.Duration) record.Request {
		request := record.Request{Kind: mix.Calls, Sent: after(second), Took: took, Failure: "refused"}
		timeline.Requests = append(timeline.Requests, request)
		return request
	}
	before, start := lost(50.1, time.Second), lost(99.5, 0) // the second at the moment of the first fault
	into := lost(90.1, 20*time.Second)                      // sent before the first fault, fails during it
	first, both := lost(101.1, 0), lost(119.1, 90*1e9)      // of the first fault; of both, hence of the second
	second, between := lost(210.1, 0), lost(150.1, 1e9)     // of the second; of neither
	edge := lost(219.5, 0)                                  // sent at the moment at which the second ended
	intervals := slices.Concat(fault(traffic.Spared{}), []traffic.Interval{
		{Name: "second", Injected: after(199.5), Recovered: after(215.5), Ended: after(219.5)},
	})

	judged := traffic.Judge(timeline, intervals)
	assert.Equal(t, []record.Request{before, start, between, edge}, judged.Requests)
	assert.Equal(t, timeline.Handshakes[:1], judged.Handshakes)
	require.Len(t, judged.Verdicts, 2)
	assert.Equal(t, []record.Request{into, first}, judged.Verdicts[0].Lost[mix.Calls])
	assert.Equal(t, []record.Request{both, second}, judged.Verdicts[1].Lost[mix.Calls])
	assert.Equal(t, timeline.Handshakes[1:2], judged.Verdicts[0].Handshakes)
	assert.Equal(t, timeline.Handshakes[2:], judged.Verdicts[1].Handshakes)
	assert.Equal(t, []string{"fault", "second"}, []string{judged.Verdicts[0].Name, judged.Verdicts[1].Name})
	assert.Equal(t, []time.Duration{10 * time.Second, 16 * time.Second}, []time.Duration{judged.Verdicts[0].Recovery, judged.Verdicts[1].Recovery})
}

// A stream that was in progress when a fault came is one that the fault could cut off.
func TestJudgeCountsWhatIsInProgress(t *testing.T) {
	t.Parallel()
	timeline := steady()
	stream := record.Request{Kind: "streams", Sent: after(80), Took: 30 * time.Second, Failure: "cut off"}
	ended := record.Request{Kind: "streams", Sent: after(60), Took: 30 * time.Second}
	timeline.Requests = append(timeline.Requests, stream, ended)
	verdict := traffic.Judge(timeline, fault(traffic.Spared{})).Verdicts[0]
	assert.Len(t, verdict.Requests, 2*10+1)
	assert.Contains(t, verdict.Requests, stream)
	assert.NotContains(t, verdict.Requests, ended)

	short := []traffic.Interval{{Name: "fault", Injected: after(100.2), Recovered: after(100.4), Ended: after(119.5)}}
	assert.Equal(t, []string{"no request was sent before the release recovered: nothing was measured"}, traffic.Judge(timeline, short).Verdicts[0].Violations)
}

// What AgentCube's Router would not have waited for is a loss, but for what any busy machine shows.
func TestPrompt(t *testing.T) {
	t.Parallel()
	keeps, loses := fault(traffic.Spared{Sessions: true}), fault(traffic.Spared{Calls: true})
	for name, c := range map[string]struct {
		intervals []traffic.Interval
		late      int // from second 105 on, ten a second
		says      string
	}{
		"none":                           {nil, 0, ""},
		"as many as on a busy machine":   {nil, 22, ""}, // of 1200 requests
		"more, without a fault":          {nil, 23, "23 requests reached their sandbox too late for AgentCube's Router, and a busy machine explains 22"},
		"more, sessions are spared":      {keeps, 23, "23 requests"},
		"more, sessions may be lost":     {loses, 100, ""},
		"more, after sessions were lost": {loses, 168, "23 requests"}, // those from second 119.5 on
		"few, after sessions were lost":  {loses, 167, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeline := steady()
			for n := range c.late {
				timeline.Late = append(timeline.Late, record.Event{At: after(105 + float64(n)/10)})
			}
			err := timeline.Prompt(c.intervals)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestJudgeWithoutIntervals(t *testing.T) {
	t.Parallel()
	timeline := steady()
	fail(mix.Calls, 7, 8)(timeline)
	judged := traffic.Judge(timeline, nil)
	assert.Empty(t, judged.Verdicts)
	assert.Len(t, judged.Requests, 1)
}

func TestJudgeIntervalOfNoTime(t *testing.T) {
	t.Parallel()
	judged := traffic.Judge(steady(), []traffic.Interval{{Injected: after(5), Recovered: after(5), Ended: after(6)}})
	assert.Zero(t, judged.Verdicts[0].Silence)
	assert.Len(t, judged.Verdicts[0].Violations, 1, "nothing was measured")
}

// A call needs a WorkloadManager, a request in a session needs its sandbox, and a creation both.
func TestJudgeSparesWhatAKindNeeds(t *testing.T) {
	t.Parallel()
	calls, sessions, both := traffic.Spared{Calls: true}, traffic.Spared{Sessions: true}, traffic.Spared{Calls: true, Sessions: true}
	needs := map[string][]traffic.Spared{} // that keep the kind, by its name
	for _, kind := range []string{"calls", "calls on kept connections"} {
		needs[kind] = []traffic.Spared{calls, both}
	}
	for _, kind := range []string{"in sessions", "in sessions on kept connections", "slow answers", "streams", "uploads", "downloads"} {
		needs[kind] = []traffic.Spared{sessions, both}
	}
	needs["creations"] = []traffic.Spared{both}
	for _, kind := range mix.Whole() {
		for _, spared := range []traffic.Spared{{}, calls, sessions, both} {
			timeline := steady()
			lose(kind.Name, 105)(timeline)
			violations := traffic.Judge(timeline, fault(spared)).Verdicts[0].Violations
			if !slices.Contains(needs[kind.Name], spared) {
				assert.Empty(t, violations, "%s, %+v", kind.Name, spared)
				continue
			}
			require.Len(t, violations, 1, "%s, %+v", kind.Name, spared)
			assert.Contains(t, violations[0], "1 "+kind.Name+" were lost")
		}
	}
}

// A kind that is sent every few seconds is silent by itself, lost or not.
func TestJudgeSilenceOfRareKinds(t *testing.T) {
	t.Parallel()
	timeline := steady()
	lose("streams", 101)(timeline)
	assert.Empty(t, traffic.Judge(timeline, fault(traffic.Spared{Others: true})).Verdicts[0].Violations)
	lose("calls on kept connections", 101)(timeline)
	assert.Equal(t, []string{"no request of one kind was answered for 100 % of the recovery: no other pod took over"},
		traffic.Judge(timeline, fault(traffic.Spared{Others: true})).Verdicts[0].Violations)
}

// Requests that meet a Router while it ends are counted out, and no others.
func TestFailedBesideStops(t *testing.T) {
	t.Parallel()
	stop := func(name string, ending, gone float64) func(*traffic.Timeline) {
		return func(t *traffic.Timeline) {
			t.Pods = append(t.Pods, traffic.Pod{Name: name, Ending: after(ending), Gone: after(gone)})
		}
	}
	running := func(t *traffic.Timeline) {
		t.Pods = append(t.Pods, traffic.Pod{Name: "agentcube-router-b", Seen: after(0)})
	}
	for name, c := range map[string]struct {
		with   []func(*traffic.Timeline)
		failed int
	}{
		"while a Router ends":           {[]func(*traffic.Timeline){stop("agentcube-router-a", 10.5, 12), lose("calls", 11)}, 0},
		"before the recorder knows":     {[]func(*traffic.Timeline){stop("agentcube-router-a", 10.5, 12), lose("calls", 10)}, 0},
		"before the Router ends":        {[]func(*traffic.Timeline){stop("agentcube-router-a", 10.5, 12), lose("calls", 9)}, 1},
		"after the Router was gone":     {[]func(*traffic.Timeline){stop("agentcube-router-a", 10.5, 12), lose("calls", 12)}, 1},
		"while another pod ends":        {[]func(*traffic.Timeline){stop("workloadmanager-a", 10.5, 12), lose("calls", 11)}, 1},
		"while all Routers run":         {[]func(*traffic.Timeline){running, lose("calls", 11)}, 1},
		"while a Router does not go":    {[]func(*traffic.Timeline){func(t *traffic.Timeline) { t.Pods = []traffic.Pod{{Name: "agentcube-router-a", Ending: after(10)}} }, lose("calls", 11)}, 1},
		"of a Router that is just gone": {[]func(*traffic.Timeline){func(t *traffic.Timeline) { t.Pods = []traffic.Pod{{Name: "agentcube-router-a", Gone: after(12)}} }, lose("calls", 11)}, 1},
		"while one of two Routers ends": {[]func(*traffic.Timeline){running, stop("agentcube-router-a", 10.5, 12), lose("calls", 11)}, 0},
	} {
		timeline := steady()
		for _, change := range c.with {
			change(timeline)
		}
		assert.Len(t, timeline.FailedBesideStops(), c.failed, name)
	}
}
