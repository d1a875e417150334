package httpapi

// Size returns how many buckets are in memory.
func (r *RateLimiter) Size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.fullAt)
}
