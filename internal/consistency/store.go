// Package consistency tells whether the caches have seen what was last written for an owner. A reconcile that starts from
// an older state than its own last write would repeat that write, or take it back.
//
// The idea is that of Kubernetes' Job and DaemonSet controllers (k8s.io/kubernetes/pkg/controller/util/consistency). They
// ask one informer for its last resource version; this store listens to events instead, so that it works with one watch
// per namespace, too.
package consistency

import (
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/clock"
)

// Store remembers, for each owner, the writes that no watch has told of yet. An object belongs to the owner of its
// namespace and name. All of it is lost in a restart, when new caches are filled after the last write. It is safe for
// concurrent use.
type Store struct {
	clock clock.PassiveClock

	mu     sync.Mutex
	owners map[types.NamespacedName]*record
	// newest is the highest resource version that a watch has told of. A watch is ordered, so everything before that
	// version has been told, too.
	newest map[watched]string
}

type watched struct{ kind, namespace string }

// record is what is not observed yet of one owner.
type record struct {
	writes map[string]write // by kind
	// since is the time of the first write that is not observed.
	since time.Time
	// waiting is true after somebody was told that the caches are behind.
	waiting bool
}

// write is one that has not been observed: the version that the watch must reach, or the object that must go.
type write struct {
	version string
	deleted types.UID
}

// NewStore returns an empty store that tells the time by the clock.
func NewStore(clock clock.PassiveClock) *Store {
	return &Store{clock: clock, owners: map[types.NamespacedName]*record{}, newest: map[watched]string{}}
}

// WroteAt records the resource version in the answer to a write of an object of the kind.
func (s *Store) WroteAt(owner types.NamespacedName, kind, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reached(s.newest[watched{kind, owner.Namespace}], version) {
		s.drop(owner, kind)
		return
	}
	s.put(owner, kind, write{version: version})
}

// Deleting records that the object with the UID is about to be deleted. It is called before the request, because the event
// may come before the answer.
func (s *Store) Deleting(owner types.NamespacedName, kind string, uid types.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(owner, kind, write{deleted: uid})
}

// DeletionFailed takes back Deleting.
func (s *Store) DeletionFailed(owner types.NamespacedName, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(owner, kind)
}

// Read replaces the version that was written by the one that the API server has now. It can be older than the last write: a
// cluster may be restored from a backup.
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

// Observe takes in an event of a watch. It reports whether an owner that was found behind has caught up with it, and is
// to be reconciled.
func (s *Store) Observe(kind string, object metav1.Object, deleted bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
	if at := (watched{kind, owner.Namespace}); !reached(s.newest[at], object.GetResourceVersion()) {
		s.newest[at] = object.GetResourceVersion()
	}
	r, found := s.owners[owner]
	if !found {
		return false
	}
	if going := deleted || object.GetDeletionTimestamp() != nil; going && r.writes[kind].deleted == object.GetUID() {
		delete(r.writes, kind)
	}
	return s.caughtUp(owner, r) && r.waiting
}

// Behind reports whether a watch has yet to tell of a write for the owner, and for how long it has had the time to.
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

// BehindIn reports whether a watch has yet to tell of a write of the kind for the owner.
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

// Forget drops what is remembered of an owner that is gone.
func (s *Store) Forget(owner types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.owners, owner)
}

// caughtUp drops the writes that have been observed, and the record when none is left.
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

// reached reports whether a watch that has told of one resource version has told of another. What cannot be compared
// counts as reached: to wait for it would never end.
func reached(newest, version string) bool {
	if newest == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(newest, version)
	return err != nil || order >= 0
}
