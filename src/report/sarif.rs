use super::*;
pub(super) fn write(_: &Report<'_>, _: Options<'_>, _: &mut dyn io::Write) -> io::Result<()> { Ok(()) }
