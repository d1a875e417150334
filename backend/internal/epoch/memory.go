package epoch

import (
	"context"

	"github.com/maypok86/otter/v2"
)

// Memory remembers values for as long as access does not change. It is bounded and safe for
// concurrent use. A nil Memory remembers nothing.
type Memory[K comparable, V any] struct {
	watch   *Watch
	entries *otter.Cache[K, entry[V]]
}

type entry[V any] struct {
	mark  Mark
	value V
}

// NewMemory returns a memory for at most size values.
func NewMemory[K comparable, V any](w *Watch, size int) *Memory[K, V] {
	// Must fails for options that contradict each other only.
	return &Memory[K, V]{watch: w, entries: otter.Must(&otter.Options[K, entry[V]]{MaximumSize: size})}
}

// Mark returns the moment that a value which is read from now on may be kept for.
func (m *Memory[K, V]) Mark() (Mark, bool) {
	if m == nil {
		return Mark{}, false
	}
	return m.watch.Mark()
}

// Get returns what was kept in the present epoch.
func (m *Memory[K, V]) Get(key K) (V, bool) {
	if mark, sure := m.Mark(); sure {
		if e, ok := m.entries.GetIfPresent(key); ok && e.mark == mark {
			return e.value, true
		}
	}
	var none V
	return none, false
}

// Keep remembers a value that was read after mark was taken.
func (m *Memory[K, V]) Keep(key K, mark Mark, value V) {
	m.entries.Set(key, entry[V]{mark: mark, value: value})
}

// Forget drops a value that is no longer wanted, though access did not change.
func (m *Memory[K, V]) Forget(key K) {
	if m != nil {
		m.entries.Invalidate(key)
	}
}

// Load returns what is remembered, or reads it and remembers it.
func (m *Memory[K, V]) Load(ctx context.Context, key K, read func(ctx context.Context) (V, error)) (V, error) {
	if value, ok := m.Get(key); ok {
		return value, nil
	}
	mark, sure := m.Mark() // before reading: what changes meanwhile must count
	value, err := read(ctx)
	if err == nil && sure {
		m.Keep(key, mark, value)
	}
	return value, err
}
