// Package bench measures the built product against its targets: real processes, real databases, real
// HTTP, as ratios within one run, since machines differ and are shared. It holds tests only, which run
// when `make bench` asks for them.
package bench
