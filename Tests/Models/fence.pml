/*
 * Who may write a stream, on a store that refuses a name that is taken.
 *
 * The rule. A machine writes the batch stream/N if and only if:
 *  1. Its cursor is batch N-1, with that batch's hash, and batch N names the hash.
 *  2. A record on its disk says which bytes of the local stream batch N has, and a random token. The record is
 *     written before the first put of N, and kept until the cursor is at N.
 *  3. The put was answered "stored"; or the name is taken by a batch with the token and the data of that record.
 *  4. Batch N was written at most AGE after batch N-1, both by the store's time, and is no takeover; or a list,
 *     asked for after the put, shows nothing after N. Otherwise prune may have freed the name.
 * Then the cursor moves to N, with the hash of the object that the store has, and N is acknowledged. In any other
 * case the machine stops. A lost answer changes nothing: it puts N again.
 * A token is drawn at each start. A stopped machine writes again only after a takeover: it adopts the state at the
 * head, and its next batch says "takeover" and names the head's hash.
 * Prune deletes a batch only if a later one has been there for longer than AGE, and longer than a list may be late.
 *
 * What the store does: a put may be lost, or done without an answer, or done at any later time. A list may lack
 * what was written in the last tick. A machine may be killed at each step, and its disk replaced by an older image
 * of any machine's disk, also with the running program in it.
 */

#ifndef MACHINES
#define MACHINES 2
#endif
#ifndef LAST
#define LAST 3            /* batches; a hash has 8 bits for each of them */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef RESTORES
#define RESTORES 1
#endif
#ifndef TAKEOVERS
#define TAKEOVERS 1
#endif
#ifndef LOST
#define LOST 1            /* puts that may be done late */
#endif
#ifndef TICKS
#define TICKS 0           /* of the store's clock; without any, prune does nothing */
#endif
#define SESSIONS 7        /* as many starts as a token has values */

/* A batch: token 3 bits, key 3 bits, data 1 bit, kind 1 bit. The key is drawn at each start, and encrypts. */
#define batch(token, key, data, kind) ((token) | (key) << 3 | (data) << 6 | (kind) << 7)
#define token(b) ((b) & 7)
#define data(b) ((b) >> 6 & 1)
#define kind(b) ((b) >> 7 & 1)
/* The hash of a batch stands for all batches up to it. So an object is its own hash. */
#define extend(hash, b) ((hash) << 8 | (b))
#define last(hash) ((hash) & 255)
#define before(hash) ((hash) >> 8)

#ifdef BYTES_ONLY
#define same(a, b) ((a) == (b))
#elif defined(TOKEN_ONLY)
#define same(a, b) (token(a) == token(b))
#elif defined(ANY_OWN_ID)
byte idOf[SESSIONS + 1];
#define same(a, b) (idOf[token(a)] == idOf[token(b)])
#else
#define same(a, b) (((a) & 199) == ((b) & 199))
#endif

/* The store. */
int object[LAST + 2];
byte written[LAST + 2];
byte now;
int late;                 /* a put whose sender waits no more */
byte lateNumber;

/* The disks; the last one is the image. */
byte cursor[MACHINES + 1];
int head[MACHINES + 1];   /* the hash of the cursor's batch */
byte headWritten[MACHINES + 1];
byte pending[MACHINES + 1];
byte id[MACHINES + 1];
int history[MACHINES + 1]; /* what the local repository has */

/* The running programs; the last one is the image's. */
mtype = { off, ready, ship, taken, check, stopped, adopt };
mtype at[MACHINES];
byte session[MACHINES + 1];
int found[MACHINES];
byte foundWritten[MACHINES];
byte walk[MACHINES];

byte starts, kills, restores, takeovers, lost;
bool imageTaken;

/* What the proof needs, and nobody knows. */
int first[LAST + 2];      /* the first object that had the name */
int acknowledged[LAST + 2];
byte by[LAST + 2];        /* the machines that acknowledged it */
bool common[LAST + 2];    /* its record was on a disk that was copied */
bool twins;               /* a running program was copied */

#define next (cursor[w] + 1)

inline store(n, content) {
    if
#ifdef PLAIN_PUT
    :: true
#else
    :: object[n] == 0
#endif
       -> assert(object[n] == 0 || acknowledged[n] == 0 || object[n] == content);
          object[n] = content;
          written[n] = now;
          if
          :: first[n] == 0 ->
             first[n] = content;
             assert(n == 1 || before(content) == first[n - 1])   /* the chain is unbroken */
          :: else
          fi
    :: else
    fi
}

inline acknowledge(n) {
    assert(acknowledged[n] == 0 || acknowledged[n] == found[w]);
    assert(first[n] == found[w]);
    assert(before(found[w]) == history[w]);                      /* it had all that came before */
    assert(data(last(found[w])) == data(pending[w]));            /* and what the batch says */
    assert(kind(last(found[w])) || common[n] || twins || (by[n] & ~(1 << w)) == 0);
    other = n + 1;
    do
    :: other <= LAST && !(first[other] != 0 && kind(last(first[other]))) ->
       assert(common[n] || twins || (by[other] & ~(1 << w)) == 0); /* nobody else went on without a takeover */
       other++
    :: else -> break
    od;
    other = 0;
    acknowledged[n] = found[w];
    by[n] = by[n] | 1 << w
}

/* Is there anything that a list must show after n? */
inline listAfter(n) {
    other = n + 1;
    do
    :: other <= LAST && !(object[other] != 0 && now - written[other] >= 2) -> other++
    :: else -> break
    od;
    listed = other <= LAST;
    other = 0
}

/* Puts, and maybe hears of it. What is lost may still be done, at once or late. */
inline put() {
    found[w] = extend(head[w], pending[w] | session[w] << 3);
    if
#ifdef PLAIN_PUT
    :: object[next] != 0 ->
       store(next, found[w]);
       foundWritten[w] = written[next];
       at[w] = check
#else
    :: object[next] != 0 ->
       found[w] = 0;
       at[w] = taken
#endif
    :: object[next] == 0 ->
       store(next, found[w]);
       foundWritten[w] = written[next];
       at[w] = check
    :: object[next] == 0 ->
       store(next, found[w]);
       found[w] = 0
    :: lost < LOST && late == 0 ->
       lost++;
       late = found[w];
       lateNumber = next;
       found[w] = 0
    fi
}

/* Gets what has the name. */
inline get() {
    if
    :: object[next] == 0 ->
       at[w] = stopped
    :: object[next] != 0 && same(last(object[next]), pending[w] | session[w] << 3) ->
       found[w] = object[next];
#ifdef HASH_OF_OWN
       found[w] = extend(head[w], pending[w] | session[w] << 3);
#endif
       foundWritten[w] = written[next];
       at[w] = check
    :: else ->
#ifdef GO_ON
       head[w] = object[next];
       headWritten[w] = written[next];
       cursor[w]++;
       pending[w] = 0;
       at[w] = ready
#else
       at[w] = stopped
#endif
    fi
}

/* Lists if need be, moves the cursor and acknowledges. */
inline finish() {
    listed = false;
#ifndef NO_LIST
    if
    :: cursor[w] == 0 -> listAfter(next)
#ifndef NO_LIST_AT_TAKEOVER
    :: kind(pending[w]) -> listAfter(next)
#endif
    :: cursor[w] != 0 && foundWritten[w] - headWritten[w] > 1 -> listAfter(next)
    :: else
    fi;
#endif
    if
    :: listed ->
       listed = false;
       at[w] = stopped
    :: else ->
       acknowledge(next);
       cursor[w]++;
       head[w] = found[w];
       headWritten[w] = foundWritten[w];
       history[w] = extend(history[w], last(found[w]));
       pending[w] = 0;
       at[w] = ready
    fi;
    found[w] = 0;
    foundWritten[w] = 0
}

active [MACHINES] proctype machine() {
    byte w = _pid;
    byte other;
    bool listed;
    d_step { id[w] = w; at[w] = off }
    do
    :: d_step { at[w] == off && starts < SESSIONS ->
          starts++;
          session[w] = starts;
#ifdef NO_SESSION
          session[w] = id[w] + 1;
#endif
#ifdef ANY_OWN_ID
          idOf[session[w]] = id[w];
#endif
          at[w] = ready
       }
    /* Data differ only where a program was copied: tokens tell all other batches apart. */
    :: atomic { at[w] == ready && cursor[w] < LAST ->
          if
#ifdef NO_RECORD
          :: true -> pending[w] = batch(session[w], 0, 0, 0)
#else
          :: pending[w] == 0 -> pending[w] = batch(session[w], 0, 0, 0)
          :: pending[w] == 0 && twins -> pending[w] = batch(session[w], 0, 1, 0)
          :: pending[w] != 0
#endif
          fi;
          at[w] = ship
       }
#if TICKS > 0
    :: atomic { at[w] == ship -> put() }
    :: d_step { at[w] == taken -> get() }
    :: d_step { at[w] == check -> finish() }
#else
    /* Without prune an object never changes. So the steps after a put may be one with it. */
    :: atomic { at[w] == ship ->
          put();
          if
          :: at[w] == taken -> get()
          :: else
          fi;
          if
          :: at[w] == check -> finish()
          :: else
          fi
       }
#endif
    /* Somebody says that this machine is to take over. It begins with the last name that a list shows. */
    :: atomic { at[w] == stopped && takeovers < TAKEOVERS ->
          walk[w] = 1;
          do
          :: walk[w] < LAST -> walk[w]++
          :: break
          od;
          listAfter(walk[w]);
          if
          :: !listed && first[walk[w]] != 0 ->
             takeovers++;
             at[w] = adopt
          :: else -> walk[w] = 0
          fi;
          listed = false
       }
    :: d_step { at[w] == adopt ->
          if
          :: object[walk[w]] != 0 ->
             found[w] = object[walk[w]];
             foundWritten[w] = written[walk[w]];
             walk[w]++
          :: object[walk[w]] == 0 && found[w] == 0 ->      /* the list was too old */
             walk[w] = 0;
             at[w] = stopped
          :: else ->
             cursor[w] = walk[w] - 1;
             head[w] = found[w];
             headWritten[w] = foundWritten[w];
             history[w] = found[w];
             pending[w] = (walk[w] <= LAST -> batch(session[w], 0, 0, 1) : 0);
             at[w] = ready;
             walk[w] = 0;
             found[w] = 0;
             foundWritten[w] = 0
          fi
       }
    od
}

inline copyDisk(to, from) {
    cursor[to] = cursor[from];
    head[to] = head[from];
    headWritten[to] = headWritten[from];
    pending[to] = pending[from];
    id[to] = id[from];
    history[to] = history[from]
}

inline forget(v) {
    found[v] = 0;
    foundWritten[v] = 0;
    walk[v] = 0
}

active proctype environment() {
    byte v;
    do
    :: d_step { late != 0 ->
          store(lateNumber, late);
          late = 0;
          lateNumber = 0
       }
    :: atomic { kills < KILLS || (!imageTaken && RESTORES > 0) || (imageTaken && restores < RESTORES) ->
          v = 0;
          do
          :: v < MACHINES - 1 -> v++
          :: break
          od;
          if
          :: kills < KILLS && at[v] != off ->
             kills++;
#ifdef CURSOR_FIRST
             if
             :: at[v] == ship ->
                head[v] = extend(head[v], pending[v] | session[v] << 3);
                history[v] = head[v];
                cursor[v]++;
                pending[v] = 0
             :: else
             fi;
#endif
             forget(v);
             at[v] = off
          :: !imageTaken && RESTORES > 0 && v == 0 ->     /* the machines are alike */
             imageTaken = true;
             copyDisk(MACHINES, v);
             session[MACHINES] = (at[v] == off -> 0 : session[v])
          :: imageTaken && restores < RESTORES ->
             restores++;
             copyDisk(v, MACHINES);
             forget(v);
             if
             :: pending[v] != 0 -> common[cursor[v] + 1] = true
             :: else
             fi;
             if
             :: at[v] = off
             :: session[MACHINES] != 0 ->
                session[v] = session[MACHINES];
                twins = true;
                at[v] = ready
             fi
          :: else
          fi;
          v = 0
       }
    /* Prune: any batch that has had a later one for two ticks. */
    :: atomic { TICKS > 0 && now < TICKS -> now++ }
    :: atomic { TICKS > 0 ->
          v = 2;
          do
          :: v < LAST -> v++
          :: break
          od;
          if
          :: object[v] != 0 && object[v] == first[v] && now - written[v] >= 2 ->
             do
             :: v > 1 -> v--;
                if
                :: object[v] != 0 -> object[v] = 0; written[v] = 0; break
                :: true
                fi
             :: v == 1 -> break
             od
          :: else
          fi;
          v = 0
       }
    od
}

#ifdef LONE
/* A machine that is alone never stops, and comes to the end. */
active proctype alone() {
    do
    :: at[0] == stopped -> assert(false)
    :: kills < KILLS -> kills = KILLS
    :: timeout -> assert(cursor[0] == LAST); break
    od
}
#endif
