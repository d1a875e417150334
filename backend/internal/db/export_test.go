package db

import "time"

// WaitForConnection sets how long InTx waits for a connection.
func (d *DB) WaitForConnection(atMost time.Duration) { d.acquireFor = atMost }
