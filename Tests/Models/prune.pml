/*
 * What prune may delete while a writer goes on and readers read.
 *
 * The rules.
 *  1. The name of each object begins with a number. A batch has its own. Any other object has the number of the one
 *     batch that may name it first: it is uploaded before that batch is put, or that batch announces it and it is
 *     uploaded afterwards. What the batch of its number does not name, no later batch names. Nor is a name used
 *     twice: it also has the writer's token and a digest.
 *  2. The index of N names every object that the state at N needs, or announces. It is written after batch N, maybe
 *     much later.
 *  3. The horizon of prune is an index that is older than GRACE and has a later one. Prune deletes an object if and
 *     only if the object's number is less than the horizon's and the horizon does not name it; indexes likewise.
 *  4. A reader begins with the newest index that a list shows, reads the batches after it until one is missing, then
 *     the objects that the state needs. If that takes as long as GRACE, delays of lists included, it begins again.
 * So prune reads no batches, needs no order and no record of what it did, and may be killed or run twice at once.
 *
 * What the store does: a list may lack what was written in this tick, and may still have what was deleted.
 */

#ifndef LAST
#define LAST 4            /* batches; any of them may get an index */
#endif
#ifdef SHORT_GRACE
#define GRACE 1           /* ticks */
#else
#define GRACE 2
#endif
#define READING 1         /* ticks that a reader goes on for */

/* A set of objects: bit 2n is batch n, bit 2n+1 the other object that has number n. */
#define bytesOf(n) (1 << (2 * (n)))
#define extra(n) (1 << (2 * (n) + 1))
#define below(n) (bytesOf(n) - 1)

int there;                /* what the store has */
int indexes, everIndexes; /* a bit for each number */
byte indexAge[LAST + 1];  /* in ticks, up to GRACE; time has no end */
byte readerAge;           /* likewise, up to READING + 1 */
bool readerReads;
byte head;                /* the last batch that was put */

/* The state after each batch. */
int needed[LAST + 1];
int announced[LAST + 1];

#ifdef NO_ANNOUNCEMENT
#define named(n) needed[n]
#else
#define named(n) (needed[n] | announced[n])
#endif
#ifdef BY_AGE
byte extraAge[LAST + 1];
#endif

#define n (head + 1)

inline upload(number) {
    there = there | extra(number);
#ifdef BY_AGE
    extraAge[number] = 0
#endif
}

inline putBatch() {
    there = there | bytesOf(n);
    head++;
    assert((needed[head] & ~there) == 0)       /* what a new state needs is there */
}

active proctype writer() {
    bool uploaded, killed, arrived;
    byte old;
    byte waiting;         /* the number of what is announced */
    do
    :: d_step { n <= LAST && !uploaded && !killed -> upload(n); uploaded = true }
    /* Killed, and the next batch is cut anew: what was uploaded for it is never named. */
    :: d_step { uploaded ->
          uploaded = false;
          killed = true;
          old = n
       }
    :: atomic { n <= LAST ->
          needed[n] = needed[head] | bytesOf(n);
          announced[n] = announced[head];
          if
          :: uploaded ->
             needed[n] = needed[n] | extra(n)
          :: uploaded ->                       /* it replaces all that came before */
             needed[n] = bytesOf(n) | extra(n)
          :: !uploaded
          :: !uploaded && !killed && waiting == 0 ->
             announced[n] = extra(n);
             waiting = n
#ifdef NAMED_LATER
          :: !uploaded && old != 0 ->
             needed[n] = needed[n] | extra(old);
             old = 0
#endif
          :: waiting != 0 && announced[head] != 0 && (there & extra(waiting)) != 0 ->
             needed[n] = bytesOf(n) | extra(waiting) | (uploaded -> extra(n) : 0);
             announced[n] = 0
          :: waiting != 0 && announced[head] != 0 && !uploaded ->
             announced[n] = 0                  /* it gives up */
          fi;
          uploaded = false;
          killed = false;
#ifndef NAMED_LATER
          old = 0;
#endif
          putBatch()
       }
    /* What is announced arrives; even after the writer gave it up, or had to. */
    :: d_step { waiting != 0 && waiting <= head && !arrived -> upload(waiting); arrived = true }
    od
}

/* An index is written at some time, and maybe once more by a program that was suspended before. */
active proctype indexer() {
    byte i;
    bool again;
    do
    :: atomic { head > 0 ->
          i = 1;
          do
          :: i < head -> i++
          :: break
          od;
          if
          :: (everIndexes & 1 << i) == 0 || (!again && (indexes & 1 << i) == 0) ->
             again = again || (everIndexes & 1 << i) != 0;
             indexes = indexes | 1 << i;
             everIndexes = everIndexes | 1 << i;
             indexAge[i] = 0
          :: else
          fi;
          i = 0
       }
    od
}

active proctype clock() {
    byte i;
    do
    :: d_step { true ->
          i = 1;
          do
          :: i <= LAST ->
             if
             :: (everIndexes & 1 << i) != 0 && indexAge[i] < GRACE -> indexAge[i]++
             :: else
             fi;
#ifdef BY_AGE
             if
             :: (there & extra(i)) != 0 && extraAge[i] < GRACE -> extraAge[i]++
             :: else
             fi;
#endif
             i++
          :: else -> break
          od;
          if
          :: readerAge <= READING && readerReads -> readerAge++
          :: else
          fi;
          i = 0
       }
    od
}

#define isHorizon(i) ((everIndexes & 1 << (i)) != 0 && (everIndexes >> ((i) + 1)) != 0 && indexAge[i] == GRACE)
#if defined(NO_NUMBER) || defined(BY_AGE)
#define REACH (LAST + 1)
#else
#define REACH horizon
#endif
#ifdef NO_NUMBER
#define isDead(o, i) ((named(i) & 1 << (o)) == 0)
#elif defined(BY_AGE)
/* What nothing names and is old. */
#define isDead(o, i) ((named(i) & 1 << (o)) == 0 && ((o) < 2 * (i) || \
    (((o) & 1) != 0 && extraAge[(o) / 2] == GRACE && (named(head) & 1 << (o)) == 0)))
#else
#define isDead(o, i) ((named(i) & 1 << (o)) == 0 && (o) < 2 * (i))
#endif

/*
 * Any prune at any step. It has no memory but its horizon, and an older horizon lets it delete nothing that the newest
 * does not: so a list that is too old, a prune that was suspended, killed, or runs twice, are all in this.
 */
active proctype prune() {
    byte horizon, o, older;
    do
    :: atomic { (everIndexes & everIndexes - 1) != 0 ->
          horizon = LAST - 1;
          do
          :: horizon > 0 && !isHorizon(horizon) -> horizon--
          :: else -> break
          od;
          o = 2;
          do
          :: horizon > 0 && o < 2 * REACH - 1 -> o++
          :: break
          od;
          older = 1;
          do
          :: older < horizon -> assert(!isHorizon(older) || !isDead(o, older) || isDead(o, horizon)); older++
          :: else -> break
          od;
          older = 0;
          if
          :: horizon > 0 && (there & 1 << o) != 0 && isDead(o, horizon) ->
             there = there & ~(1 << o);
             indexes = indexes & ~((1 << horizon) - 1);
#ifdef REMOVES
             assert(false);                    /* must be found: prune removes something */
#endif
             /* Every moment from the horizon on can still be read. */
             do
             :: horizon <= head ->
                assert((needed[horizon] & ~there) == 0 && (horizon == head || (there & bytesOf(horizon + 1)) != 0));
                horizon++
             :: else -> break
             od
          :: else
          fi;
          horizon = 0;
          o = 0
       }
    od
}

#ifndef NO_READER
active proctype reader() {
    byte at, atLeast;
    /* A list: it has each index of a former tick, maybe those of this one. */
    atomic {
        at = LAST;
        do
        :: at > 0 && (indexes & 1 << at) != 0 -> break
        :: at > 0 && ((indexes & 1 << at) == 0 || indexAge[at] == 0) -> at--
        :: at == 0 -> break
        od;
        readerReads = true;
        atLeast = head
    }
    do
    :: d_step { readerAge <= READING && at > 0 && atLeast > 0 && (indexes & 1 << at) == 0 -> assert(false) }
    :: break
    od;
    do
    :: d_step { readerAge <= READING && at < LAST && (there & bytesOf(at + 1)) != 0 -> at++ }
    :: d_step { readerAge <= READING && (at == LAST || (there & bytesOf(at + 1)) == 0) ->
          assert(at >= atLeast);               /* nothing hides what was there when it began */
          atLeast = 0
       }
       break
    :: d_step { readerAge > READING -> at = 0; atLeast = 0 }
       break
    od;
    /* Whichever object it reads now, it is there. */
    do
    :: d_step { readerAge <= READING && (needed[at] & ~there) != 0 -> assert(false) }
    :: d_step { readerAge > READING -> at = 0 }
       break
    od
}
#endif
