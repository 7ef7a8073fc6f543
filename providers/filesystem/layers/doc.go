// Package layers unpacks the layers of an image into a tree in memory.
//
// A layer is a tar archive as the OCI Image Format Specification has it ("Image Layer
// Filesystem Changeset"), compressed by gzip or not. Later layers are laid over earlier
// ones; whiteouts (".wh.NAME", ".wh..wh..opq") remove what earlier layers have, and
// nothing of their own.
//
// # What is refused
//
// Archives are hostile. An image as a whole is refused, with the name of the entry, if
//
//   - a path is absolute or has "..", is not UTF-8, or has a name of more than 255 bytes;
//   - an entry is a device, a FIFO or anything else that is no file, directory or link;
//   - a hard link is to something that is not there before it, or to a directory;
//   - there is more than the limits allow: bytes of files, files, names of a path. What
//     an entry says of its size is judged before it is read, and memory is taken only for
//     bytes that arrive;
//   - the archives have more entries than four for each file that there may be, which is
//     enough for layers that replace the files of others, or more bytes than four for
//     each byte, so that what is thrown away is bounded too.
//
// Owners, permissions, extended attributes and times of access are not kept. A symbolic
// link may lead anywhere: nobody follows it out of the tree. One with an absolute target
// leads to that path of the image.
package layers
