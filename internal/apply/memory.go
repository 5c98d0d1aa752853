package apply

import (
	"hash/maphash"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// memory knows how our managedFields entry looked in the last answer for each child. While it looks the same nobody
// has taken a field from us, and nothing has to be compared.
type memory struct {
	mu     sync.Mutex
	owners map[types.NamespacedName]map[string]mark // by owner, then by the child's kind
}

// mark is small, because there is one for every child in the cluster.
type mark struct {
	uid types.UID
	sum uint64
	// hash is the wish's.
	hash string
	// contest is about a field that was lost, nil for none.
	contest *contest
}

var seed = maphash.MakeSeed()

func (m *memory) remember(w *wish, answer client.Object, entry []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.owners == nil {
		m.owners = map[types.NamespacedName]map[string]mark{}
	}
	if m.owners[w.key] == nil {
		m.owners[w.key] = map[string]mark{}
	}
	m.owners[w.key][w.kind] = mark{
		uid: answer.GetUID(), sum: maphash.Bytes(seed, entry), hash: w.hash, contest: m.owners[w.key][w.kind].contest,
	}
}

func (m *memory) matches(w *wish, uid types.UID, entry []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.owners[w.key][w.kind]
	return at.uid == uid && at.sum == maphash.Bytes(seed, entry)
}

// sent says that the wish is the last that was sent of this child.
func (m *memory) sent(w *wish, uid types.UID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.owners[w.key][w.kind]
	return at.uid == uid && at.hash == w.hash
}

// knows says that the child was there.
func (m *memory) knows(owner types.NamespacedName, kind string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, found := m.owners[owner][kind]
	return found
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
