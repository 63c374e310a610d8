/* SPDX-License-Identifier: Apache-2.0 */
#ifndef B_H
#define B_H
#endif
