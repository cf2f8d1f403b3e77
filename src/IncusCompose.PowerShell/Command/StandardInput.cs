using System.Collections;
using System.Management.Automation;
using System.Text;

namespace IncusCompose.PowerShell.Commands;

/// <summary>What PowerShell objects are as a command's standard input.</summary>
internal static class StandardInput
{
    /// <summary>Bytes stay bytes; everything else is text, each object a line.</summary>
    public static byte[] From(IEnumerable<object> input)
    {
        using var bytes = new MemoryStream();
        foreach (var item in input.SelectMany(Flatten))
        {
            if (item is byte one)
                bytes.WriteByte(one);
            else
                bytes.Write(Encoding.UTF8.GetBytes(item + "\n"));
        }

        return bytes.ToArray();
    }

    private static IEnumerable<object> Flatten(object item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        return value is IEnumerable many and not string ? many.Cast<object>().SelectMany(Flatten) : [value];
    }
}
