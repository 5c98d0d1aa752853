package apply

import (
	"hash/maphash"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// observedStore knows how our managedFields entry looked in the last answer for each child. While it looks the same nobody
// has taken a field from us, and nothing has to be compared.
type observedStore struct {
	mu     sync.Mutex
	owners map[types.NamespacedName]map[string]observed // by owner, then by the child's kind
}

// observed is small, because there is one for every child in the cluster.
type observed struct {
	uid types.UID
	sum uint64
	// hash is the intent's.
	hash string
	// contest is about a field that was lost, nil for none.
	contest *contest
}

var seed = maphash.MakeSeed()

func (m *observedStore) record(in *intent, answer client.Object, entry []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.owners == nil {
		m.owners = map[types.NamespacedName]map[string]observed{}
	}
	if m.owners[in.key] == nil {
		m.owners[in.key] = map[string]observed{}
	}
	m.owners[in.key][in.kind] = observed{
		uid: answer.GetUID(), sum: maphash.Bytes(seed, entry), hash: in.hash, contest: m.owners[in.key][in.kind].contest,
	}
}

func (m *observedStore) matches(in *intent, uid types.UID, entry []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.owners[in.key][in.kind]
	return at.uid == uid && at.sum == maphash.Bytes(seed, entry)
}

// wasSent says that the intent is the last that was sent of this child.
func (m *observedStore) wasSent(in *intent, uid types.UID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.owners[in.key][in.kind]
	return at.uid == uid && at.hash == in.hash
}

// has says that the child was there.
func (m *observedStore) has(owner types.NamespacedName, kind string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, found := m.owners[owner][kind]
	return found
}

// drop forgets a child that is not wanted any more.
func (m *observedStore) drop(owner types.NamespacedName, kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.owners[owner], kind)
}

func (m *observedStore) forget(owner types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.owners, owner)
}
