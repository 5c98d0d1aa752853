package faults

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// mode is one way to disturb one write.
type mode struct {
	name string
	// inject disturbs the write that matches, after skip others that do.
	inject func(s *Run, match Match, skip int) *Injection
	// extraWrites are the writes that the fault may cost beside those of an undisturbed run.
	extraWrites int
	// slow modes are not in the short matrix.
	slow bool
}

// later is how long a delay lasts: longer than anything that waits for the cluster in an undisturbed run.
const later = 3 * time.Second

const killedAfter = "killed after it is done"

var modes = []mode{
	{name: "killed before it is sent", extraWrites: 4, inject: once(func(s *Run, x *Exchange) {
		s.Operator.Kill()
		x.Cut()
	})},
	{name: killedAfter, extraWrites: 4, inject: once(func(s *Run, x *Exchange) {
		x.Send()
		s.Operator.Kill()
		x.Cut()
	})},
	{name: "not sent", extraWrites: 4, inject: once(func(_ *Run, x *Exchange) { x.Cut() })},
	{name: "answer lost", extraWrites: 4, inject: once(func(_ *Run, x *Exchange) {
		x.Send()
		x.Cut()
	})},
	{name: "409", extraWrites: 4, inject: refused(http.StatusConflict, "Conflict", 0)},
	{name: "429", extraWrites: 4, inject: refused(http.StatusTooManyRequests, "TooManyRequests", time.Second)},
	{name: "500", extraWrites: 4, inject: refused(http.StatusInternalServerError, "InternalError", 0)},
	{name: "503", extraWrites: 4, inject: refused(http.StatusServiceUnavailable, "ServiceUnavailable", 0)},
	{name: "late", extraWrites: 4, inject: once(func(_ *Run, _ *Exchange) { time.Sleep(later) })},
	{name: "hangs", extraWrites: 6, slow: true, inject: once(func(s *Run, x *Exchange) {
		<-x.Context().Done()
		s.disturb(stepQuiet) // it was sent long ago, and is sent again now
		x.Cut()
	})},
	{name: "paused after it is done", extraWrites: 4, inject: once(func(s *Run, x *Exchange) {
		x.Send()
		s.disturb(later + stepQuiet)
		s.Operator.Pause()
		time.AfterFunc(later, s.Operator.Resume)
	})},
	{name: "watches cut after it is done", extraWrites: 4, inject: once(func(s *Run, x *Exchange) {
		x.Send()
		s.Proxy.CutWatches(ofWork)
	})},
	{name: "watches expired after it is done", extraWrites: 4, inject: once(func(s *Run, x *Exchange) {
		x.Send()
		s.Proxy.ExpireWatches(ofWork)
	})},
	{name: "its event told twice", extraWrites: 4, inject: once(func(s *Run, x *Exchange) {
		s.Proxy.OnEvents(func(_ context.Context, e WatchEvent) int {
			if e.Resource == resource(x) {
				return 2
			}
			return 1
		})
	})},
	{name: "its watch stalled for a while", extraWrites: 6, inject: once(func(s *Run, x *Exchange) {
		s.disturb(later + stepQuiet)
		time.AfterFunc(later, s.Proxy.Hold(resource(x)))
	})},
}

// resource is what is watched of what is written: of microservices/status, microservices.
func resource(x *Exchange) string {
	resource, _, _ := strings.Cut(x.Resource, "/")
	return resource
}

// ofWork are watches.
func ofWork(r cluster.Request) bool { return r.Verb == "watch" }

func once(fault func(*Run, *Exchange)) func(*Run, Match, int) *Injection {
	return func(s *Run, match Match, skip int) *Injection {
		return s.Proxy.Inject(match, skip, 1, func(x *Exchange) { fault(s, x) })
	}
}

func refused(code int, reason string, after time.Duration) func(*Run, Match, int) *Injection {
	return once(func(s *Run, x *Exchange) {
		if after > 0 {
			s.disturb(after + stepQuiet)
		}
		x.Refuse(code, reason, after)
	})
}
