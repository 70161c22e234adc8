/* A ring between one thread that writes and one that reads, neither of which ever waits. */
#ifndef RING_H
#define RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    unsigned char *items;
    size_t size, capacity; /* of an item; a power of two */
    _Atomic uint64_t written, read;
} ring;

static inline bool ring_make(ring *self, size_t size, size_t capacity)
{
    self->size = size, self->capacity = capacity;
    atomic_init(&self->written, 0), atomic_init(&self->read, 0);
    self->items = calloc(capacity, size);
    return self->items != NULL;
}

static inline size_t ring_count(const ring *self)
{
    return (size_t)(atomic_load_explicit(&self->written, memory_order_acquire) -
                    atomic_load_explicit(&self->read, memory_order_acquire));
}

static inline size_t ring_room(const ring *self) { return self->capacity - ring_count(self); }

/* The memory of item number `at` of those not yet read (or, behind these, written). */
static inline void *ring_item(const ring *self, uint64_t at) { return self->items + (at & (self->capacity - 1)) * self->size; }

static inline bool ring_put(ring *self, const void *item)
{
    if (!ring_room(self)) return false;
    uint64_t at = atomic_load_explicit(&self->written, memory_order_relaxed);
    memcpy(ring_item(self, at), item, self->size);
    atomic_store_explicit(&self->written, at + 1, memory_order_release);
    return true;
}

static inline bool ring_take(ring *self, void *item)
{
    if (!ring_count(self)) return false;
    uint64_t at = atomic_load_explicit(&self->read, memory_order_relaxed);
    memcpy(item, ring_item(self, at), self->size);
    atomic_store_explicit(&self->read, at + 1, memory_order_release);
    return true;
}

#endif
