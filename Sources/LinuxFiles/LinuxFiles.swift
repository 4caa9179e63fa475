// LinuxFiles
