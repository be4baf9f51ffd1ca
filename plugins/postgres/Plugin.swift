// Plugin owns the one symbol that the host looks up.

import ApusPluginKit
