package mix

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// HostHeader names the sandbox that an answer comes from.
const HostHeader = "x-agent-hostname"

// Agent returns what the agent of a host answers: it has the answers that some kinds ask for, and
// leaves all other requests to another handler.
func Agent(hostname string, others http.Handler) http.Handler {
	long := http.NewServeMux()
	long.HandleFunc("GET /load/slow/{number}", numbered(answerSlowly))
	long.HandleFunc("GET /load/events/{number}", numbered(sendEvents))
	long.HandleFunc("GET /load/content/{number}", numbered(sendContent))
	long.HandleFunc("POST /load/digest", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, digest(r.Body)) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(HostHeader, hostname)
		// Not by a pattern: the mux redirects paths that are not clean, and others must see them as
		// they were sent.
		if strings.HasPrefix(r.URL.Path, "/load/") {
			long.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}

// numbered takes the last part of a path as a number.
func numbered(answer func(w http.ResponseWriter, r *http.Request, number int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.PathValue("number"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, r, number)
	}
}

func answerSlowly(w http.ResponseWriter, r *http.Request, seconds int) {
	if pause(r, time.Duration(seconds)*time.Second) {
		_, _ = io.WriteString(w, waited(seconds))
	}
}

// sendEvents sends one event a second.
func sendEvents(w http.ResponseWriter, r *http.Request, count int) {
	w.Header().Set("Content-Type", "text/event-stream")
	for n := range count {
		_, _ = fmt.Fprint(w, event(n))
		if http.NewResponseController(w).Flush() != nil || !pause(r, time.Second) {
			return
		}
	}
}

// sendContent says how long the answer is, so that a client sees it where it is cut off.
func sendContent(w http.ResponseWriter, _ *http.Request, length int) {
	w.Header().Set("Content-Length", strconv.Itoa(length))
	_, _ = io.Copy(w, Content(int64(length)))
}

// pause waits, and returns false if the client goes away meanwhile.
func pause(r *http.Request, length time.Duration) bool {
	select {
	case <-r.Context().Done():
		return false
	case <-time.After(length):
		return true
	}
}
