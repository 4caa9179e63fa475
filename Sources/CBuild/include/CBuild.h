#ifndef CBUILD_H
#define CBUILD_H

/// The commit that this program was built from; empty when the build did not say it.
const char *holdfast_commit(void);

#endif
