package traffic

import (
	"bufio"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	controlplane "agentcube-mtls/e2e/controlplane/router"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/record"
)

// router names the Routers' container, and labels their pods.
const router = "agentcube-router"

// watchPods follows the pods of the release until the context ends.
func (r *Recorder) watchPods(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(r.release, 0, informers.WithNamespace(r.release.Namespace))
	pods := factory.Core().V1().Pods().Informer()
	// The API server may be down on purpose: the informer tries again.
	if err := pods.SetWatchErrorHandler(func(*cache.Reflector, error) {}); err != nil {
		return err
	}
	_, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { r.seen(ctx, object.(*corev1.Pod)) },
		UpdateFunc: func(_, object any) { r.seen(ctx, object.(*corev1.Pod)) },
		DeleteFunc: func(object any) {
			if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = last.Obj
			}
			r.gone(object.(*corev1.Pod))
		},
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	r.working.Go(func() {
		<-ctx.Done()
		factory.Shutdown()
	})
	return nil
}

func (r *Recorder) seen(ctx context.Context, pod *corev1.Pod) {
	// Of the pods that the load has made, only the session's sandbox stays.
	if _, created := pod.Labels[createdLabel]; created || pod.Name == r.load {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n, known := r.pods[string(pod.UID)]
	if !known {
		n = len(r.timeline.Pods)
		r.pods[string(pod.UID)] = n
		r.timeline.Pods = append(r.timeline.Pods, Pod{Name: pod.Name, Seen: time.Now()})
	}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		name := pod.Name + "/" + status.Name
		if before, known := r.restarts[name]; known && status.RestartCount > before {
			r.timeline.Restarts = append(r.timeline.Restarts, record.Event{At: time.Now(), What: name})
		}
		r.restarts[name] = status.RestartCount
	}
	if r.timeline.Pods[n].Ending.IsZero() && pod.DeletionTimestamp != nil {
		r.timeline.Pods[n].Ending = time.Now()
		if pod.Labels["app"] == router {
			r.working.Go(func() { r.follow(ctx, pod, complaints(), r.noteComplaint) })
		}
	}
	if r.timeline.Pods[n].Ready.IsZero() && kube.Ready(pod) {
		r.timeline.Pods[n].Ready = time.Now()
		r.working.Go(func() { r.watchCertificates(ctx, pod) })
		if pod.Labels["app"] == router {
			r.working.Go(func() { r.watchComplaints(ctx, pod) })
		}
	}
}

func (r *Recorder) gone(pod *corev1.Pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n, known := r.pods[string(pod.UID)]; known {
		r.timeline.Pods[n].Gone = time.Now()
	}
}

// watchCertificates follows what a Router's pod sees of both sides' certificates, until the pod or
// the context ends. Other pods, and Routers without TLS, have nothing to see.
func (r *Recorder) watchCertificates(ctx context.Context, pod *corev1.Pod) {
	var probe string
	_ = kube.Eventually(ctx, "a probe in "+pod.Name, func(ctx context.Context) (err error) {
		probe, err = r.release.StartWatch(ctx, pod)
		return client.IgnoreNotFound(err) // the pod has ended
	})
	if probe == "" {
		return
	}
	r.follow(ctx, pod, &corev1.PodLogOptions{Container: probe}, r.noteHandshake)
}

// watchComplaints reads a Router's log every few seconds, until the pod or the context ends: a
// Router logs every request, and with each write to a log that is followed the kubelet asks the
// container runtime about the container. The log is followed once the pod is to end; of one that is
// killed, what it logged last may be missing.
func (r *Recorder) watchComplaints(ctx context.Context, pod *corev1.Pod) {
	options := complaints()
	for wait := time.NewTicker(5 * time.Second); ; {
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		asked := metav1.Now()
		reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		if r.readLines(reading, pod.Name, options, r.noteComplaint) == nil {
			options.SinceTime = &asked
		}
		cancel()
		if ctx.Err() != nil || r.isGone(pod) {
			return
		}
	}
}

// complaints are the options for a Router's log.
func complaints() *corev1.PodLogOptions {
	return &corev1.PodLogOptions{Container: router, Timestamps: true}
}

// follow calls note with each line that a container of a pod prints, some more than once, until the
// pod or the context ends.
func (r *Recorder) follow(ctx context.Context, pod *corev1.Pod, options *corev1.PodLogOptions, note func(line []byte)) {
	options.Follow = true
	for wait := time.NewTicker(time.Second); ; {
		// A log that cannot be read is of a container that has not started yet, or the API server
		// is unavailable for a while.
		_ = r.readLines(ctx, pod.Name, options, note)
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		if r.isGone(pod) {
			return
		}
	}
}

func (r *Recorder) isGone(pod *corev1.Pod) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.timeline.Pods[r.pods[string(pod.UID)]].Gone.IsZero()
}

// readLines calls note with each line of a log, from the first one on that the options ask for. A
// log that is followed is read until the container ends.
func (r *Recorder) readLines(ctx context.Context, pod string, options *corev1.PodLogOptions, note func(line []byte)) error {
	stream, err := r.release.CoreV1().Pods(r.release.Namespace).GetLogs(pod, options).Stream(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		note(lines.Bytes())
	}
	return lines.Err()
}

// noteHandshake notes a new certificate, or why there was none. A log that is read again tells the
// same again.
func (r *Recorder) noteHandshake(line []byte) {
	var seen struct {
		record.Certificate
		record.Event
	}
	if json.Unmarshal(line, &seen) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case seen.What != "" && !slices.Contains(r.timeline.Handshakes, seen.Event):
		r.timeline.Handshakes = append(r.timeline.Handshakes, seen.Event)
	case seen.What == "" && !r.serials[seen.Serial]:
		r.serials[seen.Serial] = true
		r.timeline.Certificates = append(r.timeline.Certificates, seen.Certificate)
	}
}

// noteComplaint notes what a Router says of a request that it could not serve, or that AgentCube's
// could not. An unknown runtime is no complaint: it is the answer to calls. The line begins with
// its time.
func (r *Recorder) noteComplaint(line []byte) {
	at, what, _ := strings.Cut(string(line), " ")
	printed, err := time.Parse(time.RFC3339Nano, at)
	if err != nil || !strings.HasPrefix(what, "E") || strings.HasSuffix(what, "not found") {
		return
	}
	complaint := record.Event{At: printed, What: what}
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := &r.timeline.Complaints
	if strings.Contains(complaint.What, controlplane.Late) {
		kept = &r.timeline.Late
	}
	if !slices.ContainsFunc(*kept, func(c record.Event) bool { return c.What == complaint.What }) {
		*kept = append(*kept, complaint)
	}
}

// Certificates returns those that the programs of a ServiceAccount have used so far, in the order
// in which they were first seen.
func (r *Recorder) Certificates(account string) []record.Certificate {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.timeline.Certificates), func(c record.Certificate) bool {
		return !strings.HasSuffix(c.ID, "/sa/"+account)
	})
}
