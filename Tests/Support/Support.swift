// Builders that tests share.
