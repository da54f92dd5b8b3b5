package traffic

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
)

// Spared is what must keep working during a fault. The rest may fail until the release has
// recovered.
type Spared struct {
	Calls      bool // requests that need the WorkloadManager
	Sessions   bool // requests that need a sandbox: a new one is made if Calls is spared too
	Handshakes bool // new connections between Router and WorkloadManager
	Others     bool // requests to other pods: half of all are served, with no long silence
}

// keeps is whether all requests of a kind must be served.
func (s Spared) keeps(kind string) bool {
	needs, _ := mix.Named(kind)
	return (s.Calls || !needs.WorkloadManager) && (s.Sessions || !needs.Sandbox)
}

// Interval is the time of one fault.
type Interval struct {
	Name      string
	Injected  time.Time
	Recovered time.Time // when all pods were ready and Router and WorkloadManager could connect
	Ended     time.Time // when requests were served again
	Spared    Spared
}

// Verdict is what one fault cost.
type Verdict struct {
	Name       string
	Requests   []record.Request            // that were in progress, or sent until the release recovered
	Lost       map[string][]record.Request // by kind
	Handshakes []record.Event              // that failed
	Recovery   time.Duration
	Silence    float64  // longest share of the recovery, 0 to 1, in which no request of one kind was answered
	Violations []string // what the fault cost and should not have
}

// Judgement is the cost of every fault, and the failures outside of all of them.
type Judgement struct {
	Verdicts   []Verdict // one for each interval, in the same order
	Requests   []record.Request
	Handshakes []record.Event
}

// Judge attributes every failure of a timeline to a fault. A request that overlaps two intervals
// belongs to the later one in the list.
func Judge(timeline *Timeline, intervals []Interval) Judgement {
	var judged Judgement
	for _, interval := range intervals {
		judged.Verdicts = append(judged.Verdicts, Verdict{
			Name: interval.Name, Recovery: interval.Recovered.Sub(interval.Injected), Lost: map[string][]record.Request{},
		})
	}
	late := make([]int, len(intervals)) // requests that were sent after the recovery and lost
	for _, request := range timeline.Failed() {
		n := during(intervals, request.Sent, request.Sent.Add(request.Took))
		if n < 0 {
			judged.Requests = append(judged.Requests, request)
			continue
		}
		lost := judged.Verdicts[n].Lost
		lost[request.Kind] = append(lost[request.Kind], request)
		if !request.Sent.Before(intervals[n].Recovered) {
			late[n]++
		}
	}
	for _, handshake := range timeline.Handshakes {
		if n := during(intervals, handshake.At, handshake.At); n < 0 {
			judged.Handshakes = append(judged.Handshakes, handshake)
		} else {
			judged.Verdicts[n].Handshakes = append(judged.Verdicts[n].Handshakes, handshake)
		}
	}
	for n, interval := range intervals {
		v := &judged.Verdicts[n]
		sent := 0
		for _, request := range timeline.Requests {
			if request.Sent.Add(request.Took).After(interval.Injected) && request.Sent.Before(interval.Recovered) {
				v.Requests = append(v.Requests, request)
				if request.Sent.After(interval.Injected) {
					sent++
				}
			}
		}
		v.Silence = longestSilence(timeline.Requests, interval.Injected, interval.Recovered)
		v.Violations = v.violations(interval.Spared, sent, late[n])
	}
	return judged
}

// busy is how many requests of a load may reach their sandbox late because the machine is busy, and
// one more for each hundred requests. Loads without a fault have shown four at most. A second in
// which no sandbox accepts connections makes ten.
const busy = 10

// Prompt returns an error if AgentCube's Router would have answered more requests with 504 than a
// busy machine explains, apart from those during faults that may cost sessions.
func (t *Timeline) Prompt(intervals []Interval) error {
	late := slices.DeleteFunc(slices.Clone(t.Late), func(e record.Event) bool {
		n := during(intervals, e.At, e.At)
		return n >= 0 && !intervals[n].Spared.Sessions
	})
	if allowed := busy + len(t.Requests)/100; len(late) > allowed {
		return fmt.Errorf("%d requests reached their sandbox too late for AgentCube's Router, and a busy machine explains %d; the first: %s", len(late), allowed, late[0].What)
	}
	return nil
}

// notice is how long the news that a pod is to end may take to the recorder, when the node has it
// already.
const notice = time.Second

// FailedBesideStops returns the requests that were not served, apart from those that met a Router
// while it ended: where stopping pods cannot be held back, a Router is gone before all nodes know.
func (t *Timeline) FailedBesideStops() []record.Request {
	var stops []Interval
	for _, pod := range t.Pods {
		if isRouter(pod) && !pod.Ending.IsZero() {
			stops = append(stops, Interval{Injected: pod.Ending.Add(-notice), Ended: pod.Gone})
		}
	}
	return slices.DeleteFunc(t.Failed(), func(q record.Request) bool { return during(stops, q.Sent, q.Sent.Add(q.Took)) >= 0 })
}

// violations compares the cost of a fault with what the fault must spare. Requests count as sent
// from the injection to the recovery, and as late after it.
func (v *Verdict) violations(spared Spared, sent, late int) []string {
	type rule struct {
		broken bool
		text   string
	}
	rules := []rule{{sent == 0, "no request was sent before the release recovered: nothing was measured"}}
	lost := 0
	for _, kind := range slices.Sorted(maps.Keys(v.Lost)) {
		lost += len(v.Lost[kind])
		rules = append(rules, rule{spared.keeps(kind), fmt.Sprintf("%d %s were lost: %+v", len(v.Lost[kind]), kind, v.Lost[kind])})
	}
	rules = append(rules,
		rule{late > 0, fmt.Sprintf("%d requests were lost that were sent after the release recovered", late)},
		rule{spared.Handshakes && len(v.Handshakes) > 0, fmt.Sprintf("%d handshakes failed: %+v", len(v.Handshakes), v.Handshakes)},
		rule{spared.Others && 2*lost > sent, fmt.Sprintf("more than half were lost: %d of %d", lost, sent)},
		rule{spared.Others && v.Silence >= 0.5, fmt.Sprintf("no request of one kind was answered for %.0f %% of the recovery: no other pod took over", 100*v.Silence)},
	)
	var violations []string
	for _, rule := range rules {
		if rule.broken {
			violations = append(violations, rule.text)
		}
	}
	return violations
}

// during returns the index of the last interval that overlaps a time, or -1.
func during(intervals []Interval, from, to time.Time) int {
	for n, interval := range slices.Backward(intervals) {
		if from.Before(interval.Ended) && to.After(interval.Injected) {
			return n
		}
	}
	return -1
}

// longestSilence returns the share of a time, from 0 to 1, in which no request of one kind was
// answered at a stretch. Where no other pod takes over, requests need not fail: many wait for the
// new pod. Kinds that are not sent often are silent by themselves.
func longestSilence(requests []record.Request, from, to time.Time) float64 {
	if !to.After(from) {
		return 0
	}
	served := map[string][]time.Time{}
	for _, request := range requests {
		if kind, _ := mix.Named(request.Kind); !kind.Often() {
			continue
		}
		// Also of a kind of which none is answered meanwhile
		moments, known := served[request.Kind]
		if !known {
			moments = []time.Time{from, to}
		}
		if answered := request.Sent.Add(request.Took); request.Failure == "" && answered.After(from) && answered.Before(to) {
			moments = append(moments, answered)
		}
		served[request.Kind] = moments
	}
	var longest time.Duration
	for _, moments := range served {
		slices.SortFunc(moments, time.Time.Compare)
		for n, moment := range moments[1:] {
			longest = max(longest, moment.Sub(moments[n]))
		}
	}
	return float64(longest) / float64(to.Sub(from))
}
