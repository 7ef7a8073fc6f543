package sim

import "container/heap"

// event is something that happens at a time.
type event struct {
	at int64
	// seq orders events of the same time: as they were made.
	seq uint64
	do  func()
}

// queue has what is going to happen, the next first.
type queue struct {
	events events
	made   uint64
}

func (q *queue) add(at int64, do func()) {
	q.made++
	heap.Push(&q.events, event{at, q.made, do})
}

func (q *queue) next() event {
	e, _ := heap.Pop(&q.events).(event)
	return e
}

// events implements heap.Interface.
type events []event

func (e events) Len() int { return len(e) }

func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}

func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

func (e *events) Push(x any) {
	one, _ := x.(event)
	*e = append(*e, one)
}

func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*e = old[:len(old)-1]
	return last
}
