/*
 * What a kernel knows of the threads that run it. Every thread executes every call; a kernel takes its share of the work by
 * `range` and may meet the others at `barrier`. Sums must not depend on the number of threads: cut them into chunks that the
 * shapes alone decide, keep the parts in `tmp`, add the parts in a fixed order.
 */
#pragma once

typedef int word;

/* Shared by the threads of a machine; each counter on its own cache line. threads.ts knows the offsets. */
typedef struct {
  int arrived, pad0[15];
  int epoch, pad1[15];   /* barriers passed */
  int asleep, pad2[15];  /* threads in wait32 on epoch */
  int go, pad3[15];      /* runs started */
  int idle, pad4[15];    /* workers in wait32 on go */
  int fault, stop, jobs, count, pad5[12];
} meeting;

typedef struct {
  int id, n;
  meeting *meet;
  float *work;    /* scratch of this thread alone, at least workFloats floats */
  int workFloats;
  int mayWait;    /* 0 on a window's thread, where waiting is forbidden */
} team;

/* All threads have come here; what they wrote before is seen by all after. */
void barrier(const team *t);
