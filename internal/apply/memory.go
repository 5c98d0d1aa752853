package apply

import (
	"hash/maphash"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// memory knows how our managedFields entry looked in the last answer for each child. While it looks the same nobody
// has taken a field from us, and nothing has to be compared. It also knows how new that answer was: a cache that holds
// less has lost an event.
type memory struct {
	mu     sync.Mutex
	owners map[types.NamespacedName]map[string]mark // by owner, then by the child's kind, or itself
}

// itself is the owner, in the place of a child's kind.
const itself = ""

// mark is small, because there is one for every child in the cluster.
type mark struct {
	uid types.UID
	sum uint64
	// version is the resource version.
	version string
}

var seed = maphash.MakeSeed()

func (m *memory) remember(w *wish, answer client.Object, entry []byte) {
	m.put(w.key, w.kind, mark{uid: answer.GetUID(), sum: maphash.Bytes(seed, entry), version: answer.GetResourceVersion()})
}

func (m *memory) put(owner types.NamespacedName, kind string, at mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.owners == nil {
		m.owners = map[types.NamespacedName]map[string]mark{}
	}
	if m.owners[owner] == nil {
		m.owners[owner] = map[string]mark{}
	}
	m.owners[owner][kind] = at
}

func (m *memory) matches(w *wish, uid types.UID, entry []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.owners[w.key][w.kind]
	return at.uid == uid && at.sum == maphash.Bytes(seed, entry)
}

// knows says that the child was there.
func (m *memory) knows(owner types.NamespacedName, kind string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, found := m.owners[owner][kind]
	return found
}

// newer says that the child was there in a later version than this one.
func (m *memory) newer(owner types.NamespacedName, kind, version string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, found := m.owners[owner][kind]
	if !found {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(at.version, version)
	return err == nil && order > 0
}

// saw takes the version of a child that was looked at, also when it is an older one: a cluster can be restored.
func (m *memory) saw(owner types.NamespacedName, kind, version string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, found := m.owners[owner][kind]; found {
		at.version = version
		m.owners[owner][kind] = at
	}
}

// drop forgets a child that is not wanted any more.
func (m *memory) drop(owner types.NamespacedName, kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.owners[owner], kind)
}

func (m *memory) forget(owner types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.owners, owner)
}
