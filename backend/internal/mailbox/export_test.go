package mailbox

// Waiting is how many wait for a mailbox in this process.
func (s *Slots) Waiting(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxes[id]; b != nil {
		return len(b.queue)
	}
	return 0
}
