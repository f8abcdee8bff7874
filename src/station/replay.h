/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way back: events that give a model the same picture as one that has been there all along.
 * What a dashboard gets when it attaches.
 */
#ifndef ESPJIG_STATION_REPLAY_H
#define ESPJIG_STATION_REPLAY_H

#include "job/event.h"
#include "station/model.h"

/* All of it: the bench, then slot after slot. */
void replay_model(const struct model *model, const struct sink *sink);

/* Only how far the files of all slots are, for one who was too slow to be told each step. */
void replay_progress(const struct model *model, const struct sink *sink);

/* The facts of one port with its counters, as the model has them. */
void replay_port(const struct model_slot *slot, struct event *event);

/* The bench. False when it is too long for an event (about 100 images). */
bool replay_bench(const struct job *bench, struct event *event);

#endif
