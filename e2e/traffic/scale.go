package traffic

import (
	"fmt"
	"slices"
	"time"
)

// scale places moments in the picture.
type scale struct {
	start  time.Time
	length time.Duration
}

// scale spans everything that the timeline holds.
func (t *Timeline) scale() scale {
	var start, end time.Time
	include := func(at time.Time) {
		if at.IsZero() {
			return
		}
		if start.IsZero() || at.Before(start) {
			start = at
		}
		if at.After(end) {
			end = at
		}
	}
	for _, request := range t.Requests {
		include(request.Sent)
	}
	for _, event := range slices.Concat(t.Actions, t.Restarts, t.Handshakes) {
		include(event.At)
	}
	for _, pod := range t.Pods {
		include(pod.Seen)
		include(pod.Ready)
		include(pod.Gone)
	}
	for _, certificate := range t.Certificates {
		include(certificate.Since)
	}
	return scale{start: start, length: max(end.Sub(start), time.Second)}
}

func (s scale) x(at time.Time) float64 { return left + s.width(at.Sub(s.start)) }

func (s scale) width(d time.Duration) float64 { return plot * float64(d) / float64(s.length) }

// ticks marks about ten moments in whole seconds.
func (s scale) ticks(y float64) []label {
	steps := []time.Duration{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800}
	step := steps[len(steps)-1]
	for _, candidate := range steps {
		if s.length/(candidate*time.Second) <= 12 {
			step = candidate
			break
		}
	}
	var ticks []label
	for at := time.Duration(0); at <= s.length; at += step * time.Second {
		ticks = append(ticks, label{X: s.x(s.start.Add(at)), Y: y, Text: fmt.Sprintf("%gs", at.Seconds())})
	}
	return ticks
}
