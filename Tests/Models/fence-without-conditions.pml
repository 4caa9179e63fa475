/*
 * Who may write a stream, on a store that cannot refuse a name that is taken.
 *
 * The rule. A batch is the object stream/N.TOKEN.DIGEST.ATTEMPT; no name is ever put twice, so the store's time of an
 * object never changes. Cursor, record and token are as in fence.pml. After each put of N, whatever its answer, the
 * machine lists what there is from N on, and decides by this list alone:
 *  1. Nothing of its own at N (with the token and the data of its record): it puts again, under a new name.
 *  2. Something after N: it stops.
 *  3. The winner at N is the object with the least (time, name). If it is not its own: it stops.
 *  4. The list's own time is not later than the winner's time + MARGIN: it lists again later.
 *  5. Otherwise the cursor moves to N, with the winner's hash, and N is acknowledged.
 * Readers choose the same winner. A takeover begins with the winner at the last N, if 4 holds for it.
 *
 * What the store does: lists show all that was done before. An object's time is the time at which it appears, or up
 * to SKEW earlier. A put may be lost, done without an answer, or done late. Programs and disks are as in fence.pml.
 */

#ifndef MACHINES
#define MACHINES 2
#endif
#ifndef LAST
#define LAST 2            /* batches; a hash has 8 bits for each of them */
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
#define TICKS 2           /* seconds of the store's clock */
#endif
#ifndef SKEW
#define SKEW 0            /* seconds */
#endif
#ifdef NO_SETTLE
#define isSettled(time) true
#elif defined(NO_MARGIN)
#define isSettled(time) (now > (time))
#else
#define isSettled(time) (now > (time) + SKEW)
#endif
#define SLOTS 4           /* objects that one number may have */
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
int object[(LAST + 2) * SLOTS];
byte time[(LAST + 2) * SLOTS];
byte now;
int late;                 /* a put whose sender waits no more */
byte lateNumber;

/* The disks; the last one is the image. */
byte cursor[MACHINES + 1];
int head[MACHINES + 1];   /* the hash of the cursor's batch */
byte pending[MACHINES + 1];
byte id[MACHINES + 1];
int history[MACHINES + 1]; /* what the local repository has */

/* The running programs; the last one is the image's. */
mtype = { off, ready, ship, list, stopped };
mtype at[MACHINES];
byte session[MACHINES + 1];

byte starts, kills, restores, takeovers, lost;
bool imageTaken;

/* What the proof needs, and nobody knows. */
int truth[LAST + 2];      /* the batch that is acknowledged, or named by one that is */
int acknowledged[LAST + 2];
byte by[LAST + 2];        /* the machines that acknowledged it */
bool common[LAST + 2];    /* its record was on a disk that was copied */
byte kept = 1;            /* prune deletes only what has a lower number */
bool twins;               /* a running program was copied */

#define next (cursor[w] + 1)

#ifdef NO_DIGEST
#define sameName(a, b) ((last(a) & 63) == (last(b) & 63))
#else
#define sameName(a, b) ((a) == (b))
#endif

/* The winner at n: its slot, or none. */
inline choose(n) {
    slot = (n) * SLOTS;
    winner = slot;
    do
    :: slot < (n) * SLOTS + SLOTS ->
       if
       :: object[slot] != 0 && (object[winner] == 0 || time[slot] < time[winner]
            || (time[slot] == time[winner] && object[slot] < object[winner])) -> winner = slot
       :: else
       fi;
       slot++
    :: else -> break
    od;
    slot = 0
}

/* What is acknowledged, or named by that, is there and chosen by readers, unless prune has passed. */
inline readersChoose(n) {
    choose(n);
    assert(truth[n] == 0 || (n) < kept || object[winner] == truth[n])
}

inline store(n, content, when) {
    slot = (n) * SLOTS;
    do
    :: object[slot] != 0 && !sameName(object[slot], content) -> slot++; assert(slot < (n) * SLOTS + SLOTS)
    :: else -> break
    od;
    if
    :: object[slot] == 0 -> object[slot] = content; time[slot] = when
#if defined(SAME_NAME) || defined(NO_DIGEST)
    :: object[slot] != 0 -> object[slot] = content; time[slot] = when
#else
    :: object[slot] != 0 && when < time[slot] -> time[slot] = when     /* of two attempts the earlier one counts */
    :: else
#endif
    fi;
    readersChoose(n);
    slot = 0;
    winner = 0
}

inline acknowledge(n) {
    assert(acknowledged[n] == 0 || acknowledged[n] == found);
    assert(truth[n] == 0 || truth[n] == found);
    assert(n == 1 || truth[n - 1] == 0 || truth[n - 1] == before(found));
    truth[n] = found;
    truth[n - 1] = before(found);
    readersChoose(n);
    readersChoose(n - 1);
    assert(before(found) == history[w]);                         /* it had all that came before */
    assert(data(last(found)) == data(pending[w]));               /* and what the batch says */
    assert(kind(last(found)) || common[n] || twins || (by[n] & ~(1 << w)) == 0);
    slot = n + 1;
    do
    :: slot <= LAST && !(truth[slot] != 0 && kind(last(truth[slot]))) ->
       assert(common[n] || twins || (by[slot] & ~(1 << w)) == 0);  /* nobody else went on without a takeover */
       slot++
    :: else -> break
    od;
    slot = 0;
    acknowledged[n] = found;
    by[n] = by[n] | 1 << w
}

/* Is there anything after n, or of its own at n? */
inline look(n) {
    mine = false;
    later = false;
    slot = (n) * SLOTS;
    do
    :: slot < (n) * SLOTS + SLOTS ->
       mine = mine || (object[slot] != 0 && same(last(object[slot]), pending[w] | session[w] << 3));
       slot++
    :: slot >= (n) * SLOTS + SLOTS && slot < (LAST + 1) * SLOTS ->
#ifndef NO_LATER
       later = later || object[slot] != 0;
#endif
       slot++
    :: slot >= (n) * SLOTS + SLOTS && slot >= (LAST + 1) * SLOTS -> break
    od;
    slot = 0
}

active [MACHINES] proctype machine() {
    byte w = _pid;
    byte slot, winner, number;
    int found;
    bool mine, later;
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
    :: atomic { at[w] == ship ->
          found = extend(head[w], pending[w] | session[w] << 3);
          if
          :: store(next, found, now)
          :: SKEW > 0 && now > 0 -> store(next, found, now - 1)
          :: lost < LOST && late == 0 ->
             lost++;
             late = found;
             lateNumber = next
          fi;
          found = 0;
          at[w] = list
       }
    :: d_step { at[w] == list ->
          look(next);
          choose(next);
          if
          :: later -> at[w] = stopped
          :: !later && !mine -> at[w] = ship
          :: !later && mine && !same(last(object[winner]), pending[w] | session[w] << 3) -> at[w] = stopped
          :: else ->
             if
             :: isSettled(time[winner]) ->
                found = object[winner];
                acknowledge(next);
                cursor[w]++;
                head[w] = found;
                history[w] = extend(history[w], last(found));
                pending[w] = 0;
                found = 0;
                at[w] = ready
             :: else
             fi
          fi;
          winner = 0;
          mine = false;
          later = false
       }
    /* Somebody says that this machine is to take over. */
    :: d_step { at[w] == stopped && takeovers < TAKEOVERS ->
          number = LAST;
          choose(LAST);
          do
          :: number > 0 && object[winner] == 0 -> number--; choose(number)
          :: else -> break
          od;
          if
#ifdef NO_SETTLE_AT_TAKEOVER
          :: number > 0 ->
#else
          :: number > 0 && isSettled(time[winner]) ->
#endif
             takeovers++;
             cursor[w] = number;
             head[w] = object[winner];
             history[w] = head[w];
             pending[w] = (number < LAST -> batch(session[w], 0, 0, 1) : 0);
             at[w] = ready
          :: else
          fi;
          number = 0;
          winner = 0
       }
    od
}

inline copyDisk(to, from) {
    cursor[to] = cursor[from];
    head[to] = head[from];
    pending[to] = pending[from];
    id[to] = id[from];
    history[to] = history[from]
}

active proctype environment() {
    byte v, slot, winner;
    do
    :: atomic { late != 0 ->
          if
          :: store(lateNumber, late, now)
          :: SKEW > 0 && now > 0 -> store(lateNumber, late, now - 1)
          fi;
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
             at[v] = off
          :: !imageTaken && RESTORES > 0 && v == 0 ->     /* the machines are alike */
             imageTaken = true;
             copyDisk(MACHINES, v);
             session[MACHINES] = (at[v] == off -> 0 : session[v])
          :: imageTaken && restores < RESTORES ->
             restores++;
             copyDisk(v, MACHINES);
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
    :: d_step { now < TICKS -> now++ }
#ifdef PRUNE
    /* Whatever has a number below that of an acknowledged batch. */
    :: atomic { true ->
          v = 0;
          do
          :: v < LAST * SLOTS - 1 -> v++
          :: break
          od;
          slot = LAST;
          do
          :: slot > 0 && acknowledged[slot] == 0 -> slot--
          :: else -> break
          od;
          if
          :: object[v] != 0 && v / SLOTS < slot -> object[v] = 0; time[v] = 0; kept = slot
          :: else
          fi;
          v = 0;
          slot = 0
       }
#endif
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
