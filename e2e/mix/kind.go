// Package mix is what callers send to a release under load: the kinds of requests, and what the
// agent in the sandboxes answers to each.
package mix

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind is one kind of request.
type Kind struct {
	Name    string           // as records and reports name it
	Runtime string           // the AgentRuntime that is invoked
	Path    string           // of the agent
	Every   time.Duration    // from one request to the next
	Kept    bool             // on a connection that is kept; otherwise each request opens its own
	Upload  int64            // bytes that are sent by POST; none: GET
	Status  int              // of the answer
	Says    string           // a part of the answer
	Answer  func() io.Reader // the whole answer, where it is known

	// What a request needs beside a Router. One that needs only a sandbox belongs to the load's
	// session, and one that needs both gets a new sandbox.
	WorkloadManager, Sandbox bool
}

// The AgentRuntimes that a load invokes.
const (
	Session = "under-load"      // the sandbox of the load's session runs it
	Created = "made-under-load" // gets a new sandbox with each request
	// Unknown does not exist: the 404 of the WorkloadManager, which names it, is the answer to a
	// request that went all the way there, and costs no sandbox.
	Unknown = "nobody"
)

// The kinds of every load, as reports name them.
const (
	Calls      = "calls"
	InSessions = "in sessions"
)

const (
	plain   = "load" // is answered at once
	slow    = 20     // seconds until an answer
	events  = 30     // of a stream, one a second
	payload = 4 << 20
)

// kinds are all there are. Of those that take long, several are always in progress, and all of them
// leave the processors to the release. A sandbox that was created goes after two idle minutes:
// there are at most eight. Requests on kept connections are POSTs, because net/http repeats a GET
// whose connection closes before the answer, and so would hide that it was lost.
var kinds = []Kind{
	{Name: Calls, Runtime: Unknown, Path: plain, Every: time.Second / 5, Status: http.StatusNotFound, Says: Unknown, WorkloadManager: true},
	{Name: InSessions, Runtime: Session, Path: plain, Every: time.Second / 5, Status: http.StatusOK, Sandbox: true},
	{Name: "calls on kept connections", Runtime: Unknown, Path: plain, Every: time.Second / 2, Kept: true, Upload: 1, Status: http.StatusNotFound, Says: Unknown, WorkloadManager: true},
	{Name: "in sessions on kept connections", Runtime: Session, Path: plain, Every: time.Second / 2, Kept: true, Upload: 1, Status: http.StatusOK, Sandbox: true},
	{Name: "slow answers", Runtime: Session, Path: fmt.Sprint("load/slow/", slow), Every: 5 * time.Second, Status: http.StatusOK, Sandbox: true,
		Answer: func() io.Reader { return strings.NewReader(waited(slow)) }},
	{Name: "streams", Runtime: Session, Path: fmt.Sprint("load/events/", events), Every: 6 * time.Second, Status: http.StatusOK, Sandbox: true,
		Answer: func() io.Reader { return stream(events) }},
	{Name: "uploads", Runtime: Session, Path: "load/digest", Every: 4 * time.Second, Upload: payload, Status: http.StatusOK, Sandbox: true,
		Answer: func() io.Reader { return strings.NewReader(digest(Content(payload))) }},
	{Name: "downloads", Runtime: Session, Path: fmt.Sprint("load/content/", payload), Every: 4 * time.Second, Status: http.StatusOK, Sandbox: true,
		Answer: func() io.Reader { return Content(payload) }},
	{Name: "creations", Runtime: Created, Path: plain, Every: 20 * time.Second, Status: http.StatusOK, WorkloadManager: true, Sandbox: true},
}

// Usual returns the kinds of every load: short requests, on connections of their own.
func Usual() []Kind { return slices.Clone(kinds[:2]) }

// Whole returns all kinds.
func Whole() []Kind { return slices.Clone(kinds) }

// Named returns the kind of a name.
func Named(name string) (Kind, bool) {
	n := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if n < 0 {
		return Kind{}, false
	}
	return kinds[n], true
}

// Often is whether there are so many requests that any second shows some of them.
func (k Kind) Often() bool { return k.Every < time.Second }

// InSession is whether a request belongs to the load's session.
func (k Kind) InSession() bool { return k.Sandbox && !k.WorkloadManager }
