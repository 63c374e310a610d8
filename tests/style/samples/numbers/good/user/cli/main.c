/* SPDX-License-Identifier: Apache-2.0 */
/* not atoi(text): it takes 70abc for 70 */
int number(void);
int snprintf_strtoul_like(void);
