// Package consistency tells whether the caches have seen what was last written for an owner. A reconcile that starts from
// an older state than its own last write would repeat that write, or take it back.
//
// The idea is that of Kubernetes' Job and DaemonSet controllers (k8s.io/kubernetes/pkg/controller/util/consistency). They
// ask one informer for its last resource version; this store listens to events instead, so that it works with one watch
// per namespace, too.
package consistency

import (
	"maps"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/clock"
)

// Store records, per owner, the writes that no watch has delivered yet. An object belongs to the owner of its namespace and
// name. The store is lost in a restart, when new caches are filled after the last write. It is safe for concurrent use.
type Store struct {
	clock clock.PassiveClock

	mu     sync.Mutex
	owners map[types.NamespacedName]*record
	// newest is the highest resource version that each watch has delivered. A watch is ordered, so it has delivered everything
	// before that version, too.
	newest map[watched]string
	// failed are the versions of the objects to which a write failed that may have been done.
	failed map[written]string
}

type watched struct{ kind, namespace string }

type written struct {
	kind  string
	owner types.NamespacedName
}

// record holds the writes for one owner that are not observed yet.
type record struct {
	writes map[string]write // by kind
	// since is the time of the first write that is not observed.
	since time.Time
	// waiting is set once a reconcile was told that the caches are behind.
	waiting bool
}

// write is one unobserved write: the version that the watch must reach, or the object that must disappear.
type write struct {
	version string
	deleted types.UID
}

// NewStore returns an empty store.
func NewStore(clock clock.PassiveClock) *Store {
	return &Store{clock: clock, owners: map[types.NamespacedName]*record{}, newest: map[watched]string{}, failed: map[written]string{}}
}

// WroteAt records the resource version in the response to a write.
func (s *Store) WroteAt(owner types.NamespacedName, kind, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reached(s.newest[watched{kind, owner.Namespace}], version) {
		s.drop(owner, kind)
		return
	}
	s.put(owner, kind, write{version: version})
}

// WriteFailed records that a write to the given version of an object failed. It may have been done: its answer may be lost. A
// retry may come before the event, find in the cache what was there before the write, and have nothing to do. So the next event
// with a newer version has the owner reconciled.
func (s *Store) WriteFailed(owner types.NamespacedName, kind, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[written{kind, owner}] = version
}

// Deleting records that the object with the UID is about to be deleted. It is called before the request, because the event
// may come before the answer.
func (s *Store) Deleting(owner types.NamespacedName, kind string, uid types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(owner, kind, write{deleted: uid})
}

// DeletionFailed reverts Deleting.
func (s *Store) DeletionFailed(owner types.NamespacedName, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(owner, kind)
}

// Read replaces the recorded version by the one that the API server has now. It can be older than the last write: a cluster may
// be restored from a backup.
func (s *Store) Read(owner types.NamespacedName, kind, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, found := s.owners[owner]; !found || r.writes[kind].version == "" {
		return
	}
	if reached(s.newest[watched{kind, owner.Namespace}], version) {
		s.drop(owner, kind)
		return
	}
	s.put(owner, kind, write{version: version})
}

// Observe records a watch event. It reports whether the owner has to be reconciled: it was behind and has caught up, or a write
// to the object failed and the object has changed since.
func (s *Store) Observe(kind string, object metav1.Object, deleted bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
	if at := (watched{kind, owner.Namespace}); !reached(s.newest[at], object.GetResourceVersion()) {
		s.newest[at] = object.GetResourceVersion()
	}
	before, failed := s.failed[written{kind, owner}]
	changed := failed && !reached(before, object.GetResourceVersion())
	if changed {
		delete(s.failed, written{kind, owner})
	}
	r, found := s.owners[owner]
	if !found {
		return changed
	}
	if going := deleted || object.GetDeletionTimestamp() != nil; going && r.writes[kind].deleted == object.GetUID() {
		delete(r.writes, kind)
	}
	return s.caughtUp(owner, r) && r.waiting || changed
}

// Behind reports whether a watch event for one of the owner's writes is still missing, and for how long.
func (s *Store) Behind(owner types.NamespacedName) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.owners[owner]
	if !found || s.caughtUp(owner, r) {
		return 0, false
	}
	r.waiting = true
	return s.clock.Since(r.since), true
}

// BehindIn reports whether a watch event for a write of this kind is still missing.
func (s *Store) BehindIn(owner types.NamespacedName, kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.owners[owner]
	if !found || s.caughtUp(owner, r) {
		return false
	}
	_, behind := r.writes[kind]
	return behind
}

// Forget drops the state kept for an owner that is gone.
func (s *Store) Forget(owner types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.owners, owner)
	maps.DeleteFunc(s.failed, func(w written, _ string) bool { return w.owner == owner })
}

// caughtUp drops the writes that have been observed, and the record if none are left.
func (s *Store) caughtUp(owner types.NamespacedName, r *record) bool {
	for kind, w := range r.writes {
		if w.deleted == "" && reached(s.newest[watched{kind, owner.Namespace}], w.version) {
			delete(r.writes, kind)
		}
	}
	if len(r.writes) > 0 {
		return false
	}
	delete(s.owners, owner)
	return true
}

func (s *Store) put(owner types.NamespacedName, kind string, w write) {
	r, found := s.owners[owner]
	if !found {
		r = &record{writes: map[string]write{}, since: s.clock.Now()}
		s.owners[owner] = r
	}
	r.writes[kind] = w
}

func (s *Store) drop(owner types.NamespacedName, kind string) {
	if r, found := s.owners[owner]; found {
		delete(r.writes, kind)
		s.caughtUp(owner, r)
	}
}

// reached reports whether a watch that delivered the version newest has delivered version. Versions that cannot be compared
// count as reached: waiting for one would never end.
func reached(newest, version string) bool {
	if newest == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(newest, version)
	return err != nil || order >= 0
}
