/* The loop over calls, the barrier, and how workers wait for a run. */
#include "simd.h"

#define EXPORT(name) __attribute__((export_name(#name))) name
/* Long enough for the slowest share of a kernel: a thread that sleeps at every barrier costs more than the work it waits for. */
#define SPINS 200000

INLINE int atomicLoad(const int *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

/* Waits until *p is not `old`: spins a little, then sleeps; `sleepers` tells the other side whether to notify. */
INLINE void waitWhile(int *p, int old, int *sleepers, const team *t) {
  for (int i = 0; i < SPINS; i++)
    if (atomicLoad(p) != old) return;
  while (atomicLoad(p) == old) {
    if (atomicLoad(&t->meet->fault)) __builtin_trap();
    if (!t->mayWait) continue;
    __atomic_fetch_add(sleepers, 1, __ATOMIC_SEQ_CST);
    __builtin_wasm_memory_atomic_wait32(p, old, 1000000000LL);
    __atomic_fetch_sub(sleepers, 1, __ATOMIC_SEQ_CST);
  }
}

INLINE void wake(int *p, int *sleepers) {
  __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST);
  if (atomicLoad(sleepers)) __builtin_wasm_memory_atomic_notify(p, 0x7fffffff);
}

void barrier(const team *t) {
  if (t->n == 1) return;
  meeting *m = t->meet;
  int epoch = atomicLoad(&m->epoch);
  if (__atomic_add_fetch(&m->arrived, 1, __ATOMIC_SEQ_CST) == t->n) {
    __atomic_store_n(&m->arrived, 0, __ATOMIC_SEQ_CST);
    wake(&m->epoch, &m->asleep);
  } else {
    waitWhile(&m->epoch, epoch, &m->asleep, t);
  }
}

OUTLINE void execute(int op, const word *f, const team *t) {
  switch (op) {
#define CASE(name) case op_##name: k_##name(f, t); break;
    FOR_EACH_INSTRUCTION(CASE)
    default: __builtin_trap();
  }
}

/* `jobs`: pairs (address of a list, calls in it); a list: pairs (opcode, address of the descriptor). */
static void runJobs(const word *jobs, int count, const team *t) {
  for (int j = 0; j < count; j++) {
    const word *list = (const word *)(size_t)(unsigned)jobs[2 * j];
    for (int i = 0, n = jobs[2 * j + 1]; i < n; i++) {
      execute(list[2 * i], (const word *)(size_t)(unsigned)list[2 * i + 1], t);
      barrier(t);
    }
  }
  barrier(t); /* also after empty lists: no run starts before every worker is done with this one */
}

/* Thread 0: starts the workers on the jobs and takes part. All is done when it returns. */
void EXPORT(run)(const word *jobs, int count, const team *t) {
  if (t->n > 1) {
    meeting *m = t->meet;
    m->jobs = (int)(size_t)jobs;
    m->count = count;
    wake(&m->go, &m->idle);
  }
  runJobs(jobs, count, t);
}

/* The life of a worker: runs when asked, ends when told to stop. `go` as it was when the machine was made. */
void EXPORT(serve)(const team *t, int go) {
  meeting *m = t->meet;
  for (;;) {
    for (int i = 0; i < SPINS && atomicLoad(&m->go) == go; i++) {}
    while (atomicLoad(&m->go) == go) {
      __atomic_fetch_add(&m->idle, 1, __ATOMIC_SEQ_CST);
      __builtin_wasm_memory_atomic_wait32(&m->go, go, -1);
      __atomic_fetch_sub(&m->idle, 1, __ATOMIC_SEQ_CST);
    }
    go++;
    if (atomicLoad(&m->stop)) return;
    runJobs((const word *)(size_t)(unsigned)m->jobs, m->count, t);
  }
}
